import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { ack, arrival, bodiesOf, call, freshQueue, inspect, put, receive } from "../support/call.ts";

afterEach(() => {
  delete env.STORAGE_BYTES_MAX;
});

test("a queue whose storage is nearly full refuses puts, and everything else goes on", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"], "key");
  env.STORAGE_BYTES_MAX = String((await inspect(queue)).storageBytes);

  const refused = await call("POST", `${queue}/messages`, { messages: [{ body: "c" }], timeoutSeconds: 20 });
  const refusedAgain = await call("POST", `${queue}/messages`, { messages: [{ body: "d" }] });
  const messages = await receive(queue, { max: 2 });
  await ack(queue, messages);

  expect([refused.status, refused.body.code, refusedAgain.body.code]).toEqual([507, "storage_full", "storage_full"]);
  expect(bodiesOf(messages)).toEqual(["a", "b"]);
  expect(await inspect(queue)).toMatchObject({ accepted: 2, done: 2 });
});

test("one byte below the bound a put is stored", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  env.STORAGE_BYTES_MAX = String((await inspect(queue)).storageBytes + 1);

  await put(queue, ["b"]);

  expect(await inspect(queue)).toMatchObject({ accepted: 2 });
});

test("a put that was stored before is known again although the storage is nearly full", async () => {
  const queue = freshQueue();
  const ids = await put(queue, ["a"], "key");
  env.STORAGE_BYTES_MAX = "1";

  expect(await put(queue, ["a"], "key")).toEqual(ids);
});

test("when enough was acked, puts are stored again", async () => {
  const queue = freshQueue();
  await put(queue, ["x".repeat(100_000)]);
  env.STORAGE_BYTES_MAX = "60000";

  const refused = await call("POST", `${queue}/messages`, { messages: [{ body: "b" }] });
  await ack(queue, await receive(queue));
  await put(queue, ["b"]);

  expect(refused.body.code).toBe("storage_full");
  expect(bodiesOf(await receive(queue))).toEqual(["b"]);
});

test("a put that waits for room when the storage becomes full is told so when its wait ends", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["a"]);

  const waiting = call("POST", `${queue}/messages`, { messages: [{ body: "b" }], timeoutSeconds: 0.3 });
  await arrival(queue);
  env.STORAGE_BYTES_MAX = "1";

  expect((await waiting).body.code).toBe("storage_full");
});
