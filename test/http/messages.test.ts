import { expect, test } from "vitest";
import { call, descriptionOf, freshQueue, numbers, put, receive } from "../support/call.ts";

test("a put is answered with 201, a receive and an ack with 200", async () => {
  const queue = freshQueue();

  const put = await call("POST", `${queue}/messages`, { messages: [{ body: { n: 7 } }] });
  const received = await call("POST", `${queue}/receive`, {});
  const acked = await call("POST", `${queue}/ack`, { receipts: [received.body.messages[0].receipt] });

  expect([put.status, received.status, acked.status]).toEqual([201, 200, 200]);
  expect(received.body.messages).toMatchObject([{ id: put.body.ids[0], body: { n: 7 }, attempt: 1, priority: 100 }]);
  expect(acked.body).toEqual({ acked: 1, stale: [] });
  expect((await call("POST", `${queue}/receive`, {})).body).toEqual({ messages: [] });
});

test("bytes come back as they were put", async () => {
  const queue = freshQueue();
  const messages = [{ bytes: "" }, { bytes: "AA==" }, { bytes: "+/8=" }, { bytes: "AAEC/f7/" }];

  await call("POST", `${queue}/messages`, { messages });

  expect(await receive(queue, { max: 10 })).toMatchObject(messages);
});

test("a message received with autoAck is gone, and unfinished until it is reported done", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  const [message] = await receive(queue, { autoAck: true });
  const afterReceive = await descriptionOf(queue);
  const done = await call("POST", `${queue}/done`, {});

  expect(message).toEqual({ id: expect.any(String), body: "a", priority: 100, attempt: 1, putAt: expect.any(Number) });
  expect(afterReceive).toMatchObject({ visible: 0, leased: 0, done: 1, unfinished: 1 });
  expect(done.body).toEqual({ unfinished: 0 });
});

test("a receive hands out at most about 8 MiB, and the next one the messages after these", async () => {
  const queue = freshQueue();
  for (const batch of numbers(3)) await put(queue, [`${batch}a`, `${batch}b`, `${batch}c`, `${batch}d`].map(padded));

  const first = await receive(queue, { max: 100 });
  const second = await receive(queue, { max: 100 });

  expect(first.length).toBe(9);
  expect([...first, ...second].map(({ body }) => String(body).slice(0, 2))).toEqual([
    ...["0a", "0b", "0c", "0d", "1a", "1b", "1c", "1d", "2a", "2b", "2c", "2d"],
  ]);
});

function padded(text: string): string {
  return text.padEnd(1_000_000);
}
