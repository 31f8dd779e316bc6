/** What changes of messages are billed, by the queue's own counter. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import { ack, call, descriptionOf, freshQueue, objectOf, put, receive } from "../support/call.ts";

/** What a call of one verb about a message costs, in rows. */
async function rowsOfCall(queue: string, verb: "change" | "promote", request: object): Promise<number> {
  const before = (await descriptionOf(queue)).rowsWritten;
  expect(await objectOf(queue).ask(verb, request, { principal: OWNER })).toMatchObject({ ok: true });
  return (await descriptionOf(queue)).rowsWritten - before;
}

test("a change of a message and a promote cost one row each, and are stored", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const [id = "", delayed = ""] = await put(queue, ["before", "now"], "key");
  await put(queue, ["behind"]);

  expect(await rowsOfCall(queue, "change", { id, body: "after", priority: 3 })).toBe(1);
  expect(await rowsOfCall(queue, "change", { id: delayed, delaySeconds: 60 })).toBe(1);
  expect(await rowsOfCall(queue, "promote", { id: delayed })).toBe(1);
  await evictDurableObject(objectOf(queue));
  expect(await put(queue, ["before", "now"], "key")).toEqual([id, delayed]);
  const messages = await receive(queue, { max: 3 });
  expect(messages).toMatchObject([
    { id, body: "after", priority: 3 },
    { id: delayed, body: "now" },
    { body: "behind" },
  ]);
});

test("a change to another priority in a priority queue costs two rows, and the message keeps its id", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { order: "priority" });
  const [id = ""] = await put(queue, ["first", "second"], "key");

  expect(await rowsOfCall(queue, "change", { id, priority: 200 })).toBe(2);
  await evictDurableObject(objectOf(queue));
  expect(await rowsOfCall(queue, "change", { id, body: "last" })).toBe(1);
  await evictDurableObject(objectOf(queue));
  expect((await put(queue, ["first", "second"], "key"))[0]).toBe(id);
  const messages = await receive(queue, { max: 2 });
  expect(messages).toMatchObject([{ body: "second" }, { id, body: "last", priority: 200 }]);
  await ack(queue, messages);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 2, done: 2, unfinished: 0 });
});
