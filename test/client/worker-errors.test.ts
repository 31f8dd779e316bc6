/** What goes wrong in a worker is told, and strands neither a message nor the worker. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Handler, Queue, QueueError, Worker, WorkOptions } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();
const workers: Worker[] = [];

beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.allSettled(workers.splice(0).map((worker) => worker.close()));
});

async function freshQueue<Item = unknown>(options: Parameters<Queue["configure"]>[0] = {}): Promise<Queue<Item>> {
  const queue = server.manager().queue<Item>(freshName());
  await queue.configure({ retryDelaySeconds: 0, ...options });
  return queue;
}

function work<Item>(queue: Queue<Item>, handler: Handler<Item>, options?: WorkOptions): Worker {
  const worker = queue.work(handler, options);
  workers.push(worker);
  return worker;
}

/** What the dead messages of a queue have as their last error. */
async function lastErrors(queue: Queue): Promise<(string | undefined)[]> {
  const errors: (string | undefined)[] = [];
  for await (const { lastError } of queue.messages({ state: "dead" })) errors.push(lastError);
  return errors;
}

describe("what a handler throws", () => {
  const withoutPrototype = Object.create(null) as object;
  const withOddMessage = Object.assign(new Error("plain"), { message: Symbol("odd") });
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const thatThrows = {
    get stack(): string {
      throw new Error("no stack");
    },
    toString(): string {
      throw new Error("no text");
    },
    toJSON(): string {
      throw new Error("no JSON");
    },
  };

  test.each([
    ["an error", new TypeError("is not a function"), /^TypeError: is not a function\n\s+at /],
    ["an error with a cause", new Error("outer", { cause: new RangeError("inner") }), /Caused by RangeError: inner/],
    ["a text", "in a word", /^in a word$/],
    ["an object", { code: 5 }, /^\{"code":5\}$/],
    ["undefined", undefined, /^undefined$/],
    ["null", null, /^null$/],
    ["an object without a prototype", withoutPrototype, /object Object/],
    ["an error whose message is no text", withOddMessage, /no text/],
    ["an object that contains itself", circular, /no text/],
    ["an object of which nothing can be read", thatThrows, /no text/],
  ])("is what the message is given back with, and the worker goes on: %s", async (_, thrown, lastError) => {
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.putMany(["fails", "next"]);
    const reported: unknown[] = [];

    work(
      queue,
      ({ item }) => {
        if (item === "fails") throw thrown;
      },
      { onError: (error) => reported.push(error) },
    );
    await queue.join();

    expect(reported).toEqual([thrown]);
    expect(await lastErrors(queue)).toEqual([expect.stringMatching(lastError)]);
    expect(await queue.describe()).toMatchObject({ done: 1, dead: 1, leased: 0 });
  });

  test("may be longer than a message can keep: its name, its beginning and where it was thrown are kept", async () => {
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.put("item");

    work(queue, () => Promise.reject(new RangeError("x".repeat(5_000))), { onError: () => undefined });
    await queue.join();

    const [lastError = ""] = await lastErrors(queue);
    expect(lastError).toMatch(/^RangeError: x+…\n\s+at /);
    expect(lastError.length).toBeLessThanOrEqual(1_024);
  });
});

describe("onError", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("onError failed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("onError failed"))],
  ])("that %s strands nothing, and both errors are printed", async (_, onError) => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.putMany(["fails", "next"]);

    const worker = work(
      queue,
      ({ item }) => {
        if (item === "fails") throw new Error("handler failed");
      },
      { onError: onError as () => void },
    );
    await queue.join();
    await worker.close();

    const errors = printed.mock.calls.map((words) => (words[1] as Error).message);
    expect(errors).toEqual(["handler failed", "onError failed"]);
    expect(await queue.describe()).toMatchObject({ done: 1, dead: 1, leased: 0 });
  });

  test("is not needed: errors are printed with the queue, the message and the attempt", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const queue = await freshQueue<string>({ maxAttempts: 2 });
    const id = await queue.put("fails");

    work(queue, () => Promise.reject(new Error("the database is away")));
    await queue.join();

    expect(printed.mock.calls.map(([text, error]) => [text, (error as Error).message])).toEqual([
      [`durable-queue: ${queue.name}: message ${id}, attempt 1:`, "the database is away"],
      [`durable-queue: ${queue.name}: message ${id}, attempt 2:`, "the database is away"],
    ]);
  });

  test("is told when the lease of what was done was over", async () => {
    const queue = await freshQueue<string>();
    const id = await queue.put("item");
    const errors: QueueError[] = [];

    work(
      queue,
      async () => {
        await queue.cancel(id);
      },
      { onError: (error) => errors.push(error as QueueError) },
    );
    await expect.poll(() => errors.map(({ code }) => code)).toEqual(["lease_lost"]);

    expect(errors[0]?.message).toContain(id);
    expect(errors[0]?.queue).toBe(queue.name);
  });
});

describe("a handler that takes longer than timeoutSeconds", () => {
  test("has its signal aborted, its message is given back, and the next begins", async () => {
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.putMany(["hangs", "next"]);
    const errors: QueueError[] = [];
    const reasons: string[] = [];

    const worker = work(
      queue,
      ({ item, signal }) => {
        if (item !== "hangs") return undefined;
        signal.addEventListener("abort", () => reasons.push((signal.reason as QueueError).code));
        return new Promise(() => undefined);
      },
      { timeoutSeconds: 0.2, onError: (error) => errors.push(error as QueueError) },
    );
    await queue.join();
    await worker.close();

    expect(errors.map(({ code }) => code)).toEqual(["timeout"]);
    expect(reasons).toEqual(["timeout"]);
    expect(await lastErrors(queue)).toEqual([expect.stringContaining("longer than timeoutSeconds: 0.2")]);
    expect(await queue.describe()).toMatchObject({ done: 1, dead: 1 });
  });

  test("is not acked when it ends after all", async () => {
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.put("slow");
    const slow = Promise.withResolvers<void>();

    const worker = work(queue, () => slow.promise, { timeoutSeconds: 0.1, onError: () => undefined });
    await queue.join();
    slow.resolve();
    await worker.close();

    expect(await queue.describe()).toMatchObject({ done: 0, dead: 1 });
  });
});

describe("a lease that is extended by hand", () => {
  test("lasts as long as was said, and the worker does not shorten it", async () => {
    const queue = await freshQueue<string>({ leaseSeconds: 1 });
    await queue.put("item");
    const ends: number[] = [];

    work(queue, async (message) => {
      await message.extend(60);
      await sleep(1_500);
      for await (const { until } of queue.messages()) ends.push(until?.getTime() ?? 0);
    });
    await queue.join();

    expect(ends[0]).toBeGreaterThan(Date.now() + 50_000);
  });
});

describe("giving a message back by hand", () => {
  test("takes an error as it was thrown, and cuts it", async () => {
    const queue = await freshQueue<string>();
    await queue.put("item");
    const [message] = await queue.receive();

    expect(await message?.retry({ error: new Error("y".repeat(5_000)), delaySeconds: 0 })).toBe(true);

    const [again] = await queue.receive({ timeoutSeconds: 5 });
    expect(again?.lastError).toMatch(/^Error: y+…\n\s+at /);
  });

  test("that is refused leaves the message to be given back otherwise", async () => {
    const queue = await freshQueue<string>();
    await queue.put("item");
    const refused: string[] = [];

    work(
      queue,
      async (message) => {
        if (message.attempt > 1) return;
        await message.retry({ delaySeconds: 1e9 }).catch((error: QueueError) => refused.push(error.code));
        throw new Error("given back by the worker");
      },
      { onError: () => undefined },
    );
    await queue.join();

    expect(refused).toEqual(["invalid"]);
    expect(await queue.describe()).toMatchObject({ done: 1 });
  });
});

describe("the signal of a message that was received by hand", () => {
  test("is aborted when the lease is over, and not when it was acked before", async () => {
    const queue = await freshQueue<string>();
    await queue.putMany(["late", "acked"]);
    const messages = await queue.receive({ max: 2, leaseSeconds: 1 });
    const signals = messages.map(({ signal }) => signal);
    await messages[1]?.ack();

    await expect.poll(() => signals[0]?.aborted, { timeout: 5_000 }).toBe(true);

    expect(signals[0]?.reason).toMatchObject({ code: "lease_lost" });
    expect(signals[1]?.aborted).toBe(false);
  });
});

test("a cancelled message and a pause reach the worker without waiting for its lease", async () => {
  const queue = await freshQueue<string>({ leaseSeconds: 600 });
  const id = await queue.put("worked on");
  const lost = Promise.withResolvers<void>();
  const begun: string[] = [];
  work(
    queue,
    async ({ item, signal }) => {
      begun.push(item);
      signal.addEventListener("abort", () => lost.resolve());
      await lost.promise;
    },
    { prefetch: 5, onError: () => undefined },
  );
  await queue.putMany(["waits 1", "waits 2"]);
  await expect.poll(async () => (await queue.describe()).leased).toBe(3);

  await queue.pause({ only: "receives" });
  expect(await queue.describe()).toMatchObject({ leased: 1, visible: 2 });
  await queue.cancel(id);
  await lost.promise;
  await sleep(300);

  expect(begun).toEqual(["worked on"]);
  await queue.resume();
  await queue.join();
  expect(begun).toEqual(["worked on", "waits 1", "waits 2"]);
});

test.each([{}, { concurrency: 20 }])(
  "tasks are each worked on once while their queue is paused and resumed: %o",
  async (options) => {
    const queue = await freshQueue<number>();
    const errors: unknown[] = [];
    const runs = new Map<number, number>();
    await queue.putMany(Array.from({ length: 1_000 }, (_, n) => n));

    work(queue, async ({ item }) => runs.set(item, (runs.get(item) ?? 0) + 1), {
      ...options,
      onError: (error) => errors.push(error),
    });
    for (let pause = 0; pause < 10; pause += 1) {
      await queue.pause({ only: "receives" });
      await expect.poll(async () => (await queue.describe()).leased).toBe(0);
      await queue.resume();
    }
    await queue.join();

    expect([...runs.values()]).toEqual(Array(1_000).fill(1));
    expect(errors).toEqual([]);
  },
);

test("a worker uses the queue's own leaseSeconds", async () => {
  const queue = await freshQueue<string>({ leaseSeconds: 600 });
  await queue.put("item");
  const lefts: number[] = [];

  work(queue, ({ leaseEndsAt }) => lefts.push(leaseEndsAt.getTime() - Date.now()));
  await queue.join();

  expect(lefts[0]).toBeGreaterThan(500_000);
});

test("no listener of a worker stays behind on the signal that would have closed it", async () => {
  const queue = await freshQueue();
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");

  await queue.work(() => undefined, { signal }).close();

  expect(added.mock.calls.map(([, listener]) => listener)).toEqual(removed.mock.calls.map(([, listener]) => listener));
  expect(added).toHaveBeenCalledTimes(1);
});
