import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import type { Reply } from "../../src/api/reply.ts";
import type { QueueObject } from "../../src/object/queue-object.ts";
import {
  arrival,
  bodiesOf,
  call,
  descriptionOf,
  freshQueue,
  freshQueueInUse,
  numbers,
  objectOf,
  put,
  receive,
} from "../support/call.ts";
import { breakWrites } from "../support/storage.ts";

function putOne(object: QueueObject, body: number): Promise<Reply> {
  return object.ask("put", { messages: [{ body }] }, { principal: OWNER });
}

/** Puts so many messages, each by a call of its own, in one turn of the event loop. */
function putTogether(queue: string, count: number): Promise<Reply[]> {
  return runInDurableObject(objectOf(queue), (object) =>
    Promise.all(numbers(count).map((body) => putOne(object, body))),
  );
}

const log = vi.spyOn(console, "error").mockReturnValue();
beforeEach(() => log.mockClear());

test("commands that arrive together are stored as one row", async () => {
  const queue = await freshQueueInUse();
  await call("PUT", queue, {});
  const before = await descriptionOf(queue);

  await putTogether(queue, 100);

  expect((await descriptionOf(queue)).rowsWritten - before.rowsWritten).toBe(1);
  expect(bodiesOf(await receive(queue, { max: 200 }))).toEqual(numbers(100));
});

test("a put whose write fails is refused, and leaves nothing", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  await breakWrites(objectOf(queue), 1);

  const reply = await call("POST", `${queue}/messages`, { messages: [{ body: "failed" }] });

  expect(reply).toMatchObject({ status: 500, body: { code: "internal" } });
  expect(log.mock.calls.flat().join()).toContain("The row is too large.");
  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual(["before"]);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 1, unfinished: 1 });
});

test("of a batch over several rows nothing is stored when a later row fails", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  await breakWrites(objectOf(queue), 3);

  const reply = await call("POST", `${queue}/messages`, { messages: numbers(1_000).map((body) => ({ body })) });

  expect(reply.status).toBe(500);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 1, visible: 1 });
  expect(bodiesOf(await receive(queue, { max: 1_000 }))).toEqual(["before"]);
});

test("the put that creates a queue leaves no queue when its write fails", async () => {
  const queue = freshQueue();
  await breakWrites(objectOf(queue), 1);

  const reply = await call("POST", `${queue}/messages`, { messages: [{ body: "failed" }] });

  expect(reply.status).toBe(500);
  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
});

test("an ack whose write fails is refused, and the message is still there", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const [message] = await receive(queue, { leaseSeconds: 1 });
  await breakWrites(objectOf(queue), 1);

  const failed = await call("POST", `${queue}/ack`, { receipts: [message?.receipt] });

  expect(failed.status).toBe(500);
  expect(await descriptionOf(queue)).toMatchObject({ done: 0, unfinished: 1 });
  expect(await receive(queue, { timeoutSeconds: 10 })).toMatchObject([{ body: "a", attempt: 2 }]);
});

test("when a commit of many commands fails, only the one at fault is refused, and waiting calls go on waiting", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const waiting = call("POST", `${queue}/receive`, { timeoutSeconds: 20, max: 10 });
  await arrival(queue);
  // The first write is that of all ten, the others are those of each.
  await breakWrites(objectOf(queue), 1, 5);

  const replies = await putTogether(queue, 10);

  expect(replies.map(({ ok }) => ok)).toEqual(numbers(10).map((body) => body !== 3));
  expect(replies[3]).toMatchObject({ code: "internal" });
  expect(bodiesOf((await waiting).body.messages)).toEqual([0]);
  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual([1, 2, 4, 5, 6, 7, 8, 9]);
});

test("a put that waits for room goes on waiting, with its deadline, when another command fails", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["a"]);
  const waiting = call("POST", `${queue}/messages`, { messages: [{ body: "b" }], timeoutSeconds: 20 });
  await arrival(queue);
  await breakWrites(objectOf(queue), 1);

  const failed = await call("POST", `${queue}/receive`);
  const received = await receive(queue);

  expect([failed.status, bodiesOf(received)]).toEqual([500, ["a"]]);
  expect((await waiting).status).toBe(201);
});

test("commands whose commit the platform did not confirm end with an unknown outcome, and are committed each alone when sent again", async () => {
  const queue = await freshQueueInUse();
  await call("PUT", queue, {});
  await runInDurableObject(objectOf(queue), (_, { storage }) => {
    storage.sync = () => Promise.reject(new Error("The disk is broken."));
  });

  const failed = await putTogether(queue, 10).then(
    () => "answered",
    (error: Error) => error.message,
  );
  const before = await descriptionOf(queue);
  await putTogether(queue, 10);

  expect(failed).toContain("The disk is broken.");
  // The describe was the first of the ten commands that are alone, so that the last put is, with none beside it, too.
  expect((await descriptionOf(queue)).rowsWritten - before.rowsWritten).toBe(10);
});
