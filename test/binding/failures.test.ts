/** An object that fails while it is called by binding: calls are sent again, and nothing is lost or doubled. */
import { abortAllDurableObjects, createExecutionContext } from "cloudflare:test";
import { env, waitUntil } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { QueueCalls } from "../../src/api/object-calls.ts";
import { BindingManager } from "../../worker-client/binding/binding-manager.ts";
import { Full, Unavailable } from "../../worker-client/src/index.ts";
import { bodiesOf, call, descriptionOf, freshQueue, nameOf, put, receive } from "../support/call.ts";
import { eventually } from "../support/eventually.ts";
import { queues } from "../support/movable-worker/queues.ts";
import { boundManager } from "./bound.ts";

beforeEach(() => void vi.spyOn(console, "error").mockReturnValue());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

type Ask = QueueCalls["ask"];

/** What a call of an object comes to: `ask` is the call itself. */
type Fate = (ask: () => ReturnType<Ask>) => ReturnType<Ask>;

/** Queues of which each call of an object comes to the next of these fates, and how many stubs were made. */
function queuesWith(...fates: Fate[]): { manager: BindingManager; stubs: () => number } {
  let stubs = 0;
  const getByName = (name: string) => {
    stubs += 1;
    const object = env.QUEUE.getByName(name) as unknown as QueueCalls;
    const ask: Ask = (...asked) => {
      const fate = fates.shift() ?? ((go) => go());
      return fate(() => object.ask(...asked));
    };
    return { ask, abandon: (id: string) => object.abandon(id) };
  };
  const calls = queues.callsOf({ ...env, QUEUE: { getByName } }, createExecutionContext());
  return { manager: new BindingManager(calls, "The queue's object", waitUntil), stubs: () => stubs };
}

function failure(parts: object, message = "The object was reset."): Error {
  return Object.assign(new Error(message), parts);
}

const RESET = failure({ retryable: true, durableObjectReset: true });
const before: Fate = () => Promise.reject(RESET);
const after: Fate = async (ask) => {
  await ask();
  throw RESET;
};

test("a put whose object is reset before or after it was stored is stored once, on a new stub", async () => {
  const queue = freshQueue();
  const { manager, stubs } = queuesWith(after, before, after);

  const id = await manager.queue(nameOf(queue)).put("a");

  expect(stubs()).toBe(4);
  expect(await receive(queue, { max: 9 })).toMatchObject([{ id, body: "a" }]);
});

test("an ack whose answer was lost counts once, and is not certain", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const [message] = await queuesWith((ask) => ask(), after)
    .manager.queue(nameOf(queue))
    .receive();

  expect(await message?.ack()).toBe(false);

  expect(await descriptionOf(queue)).toMatchObject({ done: 1, leased: 0 });
});

test("a put that waits for room while its object is reset is stored once there is room", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["a"]);
  const stored = boundManager().queue(nameOf(queue)).put("b");
  for (let calls = 0; calls < 3; calls += 1) await descriptionOf(queue);

  await abortAllDurableObjects();

  expect(bodiesOf(await receive(queue))).toEqual(["a"]);
  expect(await stored).toEqual(expect.any(String));
  await eventually(async () => expect(bodiesOf(await receive(queue))).toEqual(["b"]));
});

test("a get that waits while its object is reset gets the message", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const got = boundManager().queue(nameOf(queue)).get();
  for (let calls = 0; calls < 3; calls += 1) await descriptionOf(queue);

  await abortAllDurableObjects();
  await put(queue, ["a"]);

  expect(await got).toBe("a");
});

test("a call that fails on and on ends with Unavailable, after its retrySeconds or its own time", async () => {
  const { manager } = queuesWith(...Array<Fate>(999).fill(before));
  const queue = manager.queue(nameOf(freshQueue()));

  const known = "It is not known whether this was applied";
  await expect(queue.put("a", { retrySeconds: 0 })).rejects.toMatchObject({
    code: "unavailable",
    message: `The queue's object could not be reached, or did not answer (${known}. Try again, a put under the same Idempotency-Key (queue ${queue.name})). ${known}. Queue: ${queue.name}. The log of its Worker says more.`,
  });
  await expect(queue.put("a", { timeoutSeconds: 0.05 })).rejects.toThrow(Unavailable);
  await expect(queue.put("a", { retrySeconds: 0.2 })).rejects.toThrow(Unavailable);
});

test("an overloaded object is left alone for two seconds", async () => {
  const queue = freshQueue();
  const overloaded = failure({ overloaded: true }, "Durable Object is overloaded. Too many requests queued.");
  const { manager, stubs } = queuesWith(() => Promise.reject(overloaded));
  vi.useFakeTimers();

  const stored = manager.queue(nameOf(queue)).put("a");
  await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
  await vi.advanceTimersByTimeAsync(1_999);
  expect(stubs()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);

  expect(await stored).toEqual(expect.any(String));
  expect(stubs()).toBe(2);
});

test("what is refused is not sent again", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["a"]);
  const { manager, stubs } = queuesWith();

  await expect(manager.queue(nameOf(queue)).putNowait("b")).rejects.toThrow(Full);

  expect(stubs()).toBe(1);
});

test("a call that is never answered is given up after 15 seconds, and sent again", async () => {
  const queue = freshQueue();
  const { manager, stubs } = queuesWith(() => new Promise(() => undefined));
  vi.useFakeTimers();

  const configured = manager.queue(nameOf(queue)).configure({ maxSize: 7 });
  await vi.advanceTimersByTimeAsync(14_999);
  expect(stubs()).toBe(1);
  await vi.advanceTimersByTimeAsync(1_000);

  expect(await configured).toMatchObject({ maxSize: 7 });
  expect(stubs()).toBe(2);
});

test("a thousand puts at a time are stored once each", async () => {
  const queue = boundManager().queue<number>(nameOf(freshQueue()));
  const items = Array.from({ length: 1_000 }, (_, item) => item);

  const ids = await Promise.all(items.map((item) => queue.put(item)));

  expect(new Set(ids).size).toBe(items.length);
  expect(await queue.qsize()).toBe(items.length);
});
