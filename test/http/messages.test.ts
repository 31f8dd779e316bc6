import { expect, test } from "vitest";
import { ack, arrival, bodiesOf, call, freshQueue, inspect, numbers, objectOf, put, receive } from "../support/call.ts";

test("a message that was put is received, acked and gone", async () => {
  const queue = freshQueue();

  const put = await call("POST", `${queue}/messages`, { messages: [{ body: { n: 7 } }] });
  const received = await call("POST", `${queue}/receive`, {});
  const acked = await call("POST", `${queue}/ack`, { receipts: [received.body.messages[0].receipt] });

  expect(put.status).toBe(201);
  expect(received.body.messages).toMatchObject([{ id: put.body.ids[0], body: { n: 7 }, attempt: 1, priority: 100 }]);
  expect(acked.body).toEqual({ acked: 1, stale: [] });
  expect((await call("POST", `${queue}/receive`, {})).body).toEqual({ messages: [] });
});

test("messages are received in the order in which they were put, within a batch and over several", async () => {
  const queue = freshQueue();
  const ids = [...(await put(queue, [0, 1, 2])), ...(await put(queue, [3])), ...(await put(queue, [4, 5]))];

  const messages = [...(await receive(queue)), ...(await receive(queue, { max: 10 }))];

  expect(bodiesOf(messages)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(messages.map(({ id }) => id)).toEqual(ids);
});

test("every kind of JSON value comes back as it was put", async () => {
  const queue = freshQueue();
  const bodies = [
    ...[null, true, false, 0, -1.5e-7, 2 ** 53, "", "line\nfeed\0\u2028 é 😀 \ud800", [], {}],
    ...[[[[]]], { a: { b: [1, "2", null] } }, JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')],
  ];

  await put(queue, bodies);

  expect(JSON.stringify(bodiesOf(await receive(queue, { max: 100 })))).toBe(JSON.stringify(bodies));
});

test("bytes come back as they were put", async () => {
  const queue = freshQueue();
  const messages = [{ bytes: "" }, { bytes: "AA==" }, { bytes: "+/8=" }, { bytes: "AAEC/f7/" }];

  await call("POST", `${queue}/messages`, { messages });

  expect(await receive(queue, { max: 10 })).toMatchObject(messages);
});

test("a message says when it was put, with what priority, and when its lease ends", async () => {
  const queue = freshQueue();
  await call("POST", `${queue}/messages`, { messages: [{ body: 1, priority: 7 }] });

  const [message] = await receive(queue, { leaseSeconds: 20 });

  expect(message?.priority).toBe(7);
  expect(message?.putAt).toBeGreaterThan(1_700_000_000);
  expect(message?.leaseEndsAt).toBeGreaterThanOrEqual((message?.putAt ?? 0) + 20);
});

test("a receive hands out at most as many messages as it asks for", async () => {
  const queue = freshQueue();
  await put(queue, numbers(5));

  const counts = [await receive(queue, { max: 2 }), await receive(queue), await receive(queue, { max: 1_000 })];

  expect(counts.map((messages) => messages.length)).toEqual([2, 1, 2]);
});

test("a delayed message is not received before its time", async () => {
  const queue = freshQueue();
  await call("POST", `${queue}/messages`, { messages: [{ body: "late", delaySeconds: 0.3 }, { body: "at once" }] });

  const first = await receive(queue, { max: 10 });
  const second = await receive(queue, { max: 10, timeoutSeconds: 5 });

  expect(bodiesOf(first)).toEqual(["at once"]);
  expect(second).toMatchObject([{ body: "late", attempt: 1 }]);
});

test("a message received with autoAck is gone, and unfinished until it is reported done", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);

  const [message] = await receive(queue, { autoAck: true });
  const afterReceive = await inspect(queue);
  const done = await call("POST", `${queue}/done`, {});

  expect(message).toEqual({ id: expect.any(String), body: "a", priority: 100, attempt: 1, putAt: expect.any(Number) });
  expect(afterReceive).toMatchObject({ visible: 0, leased: 0, done: 1, unfinished: 1 });
  expect(done.body).toEqual({ unfinished: 0 });
});

test("a receive waits for what is put", async () => {
  const queue = freshQueue();

  const waiting = receive(queue, { max: 10, timeoutSeconds: 10 });
  await arrival(queue);
  await put(queue, ["a", "b"]);

  expect(bodiesOf(await waiting)).toEqual(["a", "b"]);
});

test("a receive whose wait ends is answered with no messages", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});

  expect(await receive(queue, { timeoutSeconds: 0.05 })).toEqual([]);
  await put(queue, ["for nobody who is gone"]);
  expect(await inspect(queue)).toMatchObject({ visible: 1, leased: 0 });
});

test("those who wait to receive are served in order of arrival", async () => {
  const queue = freshQueue();
  const receiveCommand = { verb: "receive", max: 1, timeoutMs: 10_000, autoAck: false } as const;

  // Calls on one stub arrive in the order in which they were made.
  const waiting = numbers(20).map(() => objectOf(queue).perform(receiveCommand));
  await objectOf(queue).perform({ verb: "join", timeoutMs: 0 });
  for (const batch of [[0], [1, 2], numbers(20).slice(3)]) await put(queue, batch);
  const replies = await Promise.all(waiting);

  expect(replies.map((reply) => reply.ok && JSON.parse(reply.json).messages[0].body)).toEqual(numbers(20));
});

test("a batch that spans several blocks comes back whole and in order", async () => {
  const queue = freshQueue();

  const ids = await put(queue, numbers(600));
  const messages = await receive(queue, { max: 1_000 });
  await ack(queue, messages);

  expect(new Set(ids).size).toBe(600);
  expect(messages.map(({ id }) => id)).toEqual(ids);
  expect(bodiesOf(messages)).toEqual(numbers(600));
  expect(await inspect(queue)).toMatchObject({ visible: 0, leased: 0, accepted: 600, done: 600, unfinished: 0 });
});

test("a batch of large messages comes back whole and in order", async () => {
  const queue = freshQueue();
  const bodies = numbers(20).map((number) => `${number} ${"é".repeat(50_000)}`);

  await put(queue, bodies);

  expect(bodiesOf(await receive(queue, { max: 20 }))).toEqual(bodies);
});

test("a receive hands out about 8 MiB at most, and the next one goes on from there", async () => {
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
