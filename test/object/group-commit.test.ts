import { runInDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import type { Command } from "../../src/queue/commands.ts";
import { arrival, bodiesOf, call, freshQueue, inspect, numbers, objectOf, put, receive } from "../support/call.ts";
import { interceptStatements } from "../support/storage.ts";

/** Lets writes of blocks fail as a full disk would, but for the first ones. */
async function breakWrites(queue: string, successes = 0): Promise<void> {
  let writes = 0;
  await interceptStatements(objectOf(queue), {
    before: (statement) => {
      if (!/^(INSERT|UPDATE).* blocks/.test(statement)) return;
      writes += 1;
      if (writes > successes) throw new Error("The disk is full.");
    },
  });
}

function putCommand(body: number): Command {
  return { verb: "put", messages: [{ content: `"body":${body}`, priority: 100, delayMs: 0 }], timeoutMs: 0 };
}

const log = vi.spyOn(console, "error").mockReturnValue();
beforeEach(() => log.mockClear());

test("commands that arrive together are stored as one row", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const before = await inspect(queue);

  await runInDurableObject(objectOf(queue), (object) =>
    Promise.all(numbers(100).map((body) => object.perform(putCommand(body)))),
  );

  expect((await inspect(queue)).rowsWritten - before.rowsWritten).toBe(1);
  expect(bodiesOf(await receive(queue, { max: 200 }))).toEqual(numbers(100));
});

test("a put whose write fails is not acknowledged and leaves nothing", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  await breakWrites(queue);

  const reply = await call("POST", `${queue}/messages`, { messages: [{ body: "failed" }] });

  expect(reply).toMatchObject({ status: 503, body: { code: "unavailable" } });
  expect(log.mock.calls.flat().join()).toContain("The disk is full.");
  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual(["before"]);
  expect(await inspect(queue)).toMatchObject({ accepted: 1, unfinished: 1 });
});

test("of a batch over several rows nothing is stored when a later row fails", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  await breakWrites(queue, 2);

  const reply = await call("POST", `${queue}/messages`, { messages: numbers(1_000).map((body) => ({ body })) });

  expect(reply.status).toBe(503);
  expect(await inspect(queue)).toMatchObject({ accepted: 1, visible: 1 });
  expect(bodiesOf(await receive(queue, { max: 1_000 }))).toEqual(["before"]);
});

test("the put that creates a queue leaves no queue when its write fails", async () => {
  const queue = freshQueue();
  await breakWrites(queue);

  const reply = await call("POST", `${queue}/messages`, { messages: [{ body: "failed" }] });

  expect(reply.status).toBe(503);
  expect((await call("GET", queue)).body.code).toBe("unknown_queue");
});

test("an ack whose write fails is not acknowledged, and the message is still there", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const [message] = await receive(queue, { leaseSeconds: 1 });
  await breakWrites(queue);

  const failed = await call("POST", `${queue}/ack`, { receipts: [message?.receipt] });

  expect(failed.status).toBe(503);
  expect(await inspect(queue)).toMatchObject({ done: 0, unfinished: 1 });
  expect(await receive(queue, { timeoutSeconds: 10 })).toMatchObject([{ body: "a", attempt: 2 }]);
});

test("everybody whose command was in a round that failed is told, those who wait too", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const waiting = call("POST", `${queue}/receive`, { timeoutSeconds: 20 });
  await arrival(queue);
  await breakWrites(queue);

  const replies = await Promise.allSettled(numbers(10).map((body) => objectOf(queue).perform(putCommand(body))));

  expect(replies.map(({ status }) => status)).toEqual(numbers(10).map(() => "rejected"));
  expect((await waiting).status).toBe(503);
  expect(await inspect(queue)).toMatchObject({ accepted: 0 });
});

test("a queue whose write failed goes on with the next request", async () => {
  const queue = freshQueue();
  await put(queue, [1]);
  await breakWrites(queue);
  await call("POST", `${queue}/messages`, { messages: [{ body: "failed" }] });

  await put(queue, [2]);

  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual([1, 2]);
});
