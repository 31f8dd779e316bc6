/** Calls that wait by binding: polls of the length that the server allows, which an abort ends there. */
import { expect, test } from "vitest";
import { SCOPES } from "../../src/contract/scopes.ts";
import { Empty, Full } from "../../worker-client/src/index.ts";
import { bodiesOf, call, descriptionOf, freshQueue, nameOf, pass, put, receive } from "../support/call.ts";
import { eventually } from "../support/eventually.ts";
import { boundManager, managerWith } from "./bound.ts";

const ways = [
  ["the Worker's own queues", boundManager],
  ["those of a service", () => managerWith({ queues: ["test-"], scopes: SCOPES })],
] as const;

/** Lets a call arrive: it is sent in this turn, and three that are sent later have been answered then. */
async function arrival(queue: string): Promise<void> {
  for (let calls = 0; calls < 3; calls += 1) await descriptionOf(queue);
}

for (const [title, manager] of ways) {
  test(`${title}: a get waits for any time, poll by poll`, async () => {
    const queue = freshQueue();
    await call("PUT", queue, {});
    const got = manager().queue(nameOf(queue)).get();
    for (let polls = 0; polls < 3; polls += 1) {
      await arrival(queue);
      await pass(25, queue);
    }

    await put(queue, ["late"]);

    expect(await got).toBe("late");
  });

  test(`${title}: a receive that is aborted waits no longer, and takes no message from others`, async () => {
    const queue = freshQueue();
    await call("PUT", queue, {});
    const leaving = new AbortController();
    const received = manager().queue(nameOf(queue)).receive({ signal: leaving.signal });
    const rejected = expect(received).rejects.toThrow("The user has left.");
    await arrival(queue);

    leaving.abort(new Error("The user has left."));
    await rejected;
    await put(queue, ["a"]);

    await eventually(async () => expect(await receive(queue)).toMatchObject([{ body: "a", attempt: 1 }]));
  });

  test(`${title}: a put that is aborted while the queue is full is not stored when there is room`, async () => {
    const queue = freshQueue();
    await call("PUT", queue, { maxSize: 1 });
    await put(queue, ["a"]);
    const leaving = new AbortController();
    const stored = manager().queue(nameOf(queue)).put("b", { signal: leaving.signal });
    const rejected = expect(stored).rejects.toThrow("The user has left.");
    await arrival(queue);

    leaving.abort(new Error("The user has left."));
    await rejected;
    await arrival(queue);

    expect(bodiesOf(await receive(queue))).toEqual(["a"]);
    expect(await descriptionOf(queue)).toMatchObject({ accepted: 1 });
  });

  test(`${title}: a wait ends when its time is over, also in a queue that does not exist`, async () => {
    const queue = manager().queue(nameOf(freshQueue()));

    await expect(queue.get({ timeoutSeconds: 0.05 })).rejects.toThrow(Empty);
    await queue.configure({ maxSize: 1 });
    await queue.put("a");
    await expect(queue.put("b", { timeoutSeconds: 0.05 })).rejects.toThrow(Full);
  });
}

test("a signal that is aborted before the call sends nothing", async () => {
  const queue = freshQueue();
  const signal = AbortSignal.abort(new Error("Too late."));

  await expect(boundManager().queue(nameOf(queue)).put("a", { signal })).rejects.toThrow("Too late.");

  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
});
