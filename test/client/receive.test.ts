import { afterAll, beforeAll, expect, test } from "vitest";
import { Empty, Full, Invalid, type Message, type Queue, TooLarge } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const MIB = 1024 * 1024;
const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

function freshQueue<Item = unknown>(): Queue<Item> {
  return server.manager().queue<Item>(freshName());
}

/** The one message that is there; fails where there is none. */
async function receiveOne<Item>(queue: Queue<Item>, options: { leaseSeconds?: number } = {}): Promise<Message<Item>> {
  const [message] = await queue.receive({ timeoutSeconds: 5, ...options });
  if (message === undefined) throw new Error("There is no message.");
  return message;
}

test("a message carries what its put and its delivery say of it", async () => {
  const queue = freshQueue<{ n: number }>();
  const earliest = Date.now();
  const id = await queue.put({ n: 7 }, { priority: 3 });
  const latest = Date.now();

  const message = await receiveOne(queue, { leaseSeconds: 60 });

  expect(message).toMatchObject({ id, item: { n: 7 }, attempt: 1, priority: 3, lastError: undefined });
  expect(message.putAt.getTime()).toBeGreaterThanOrEqual(earliest);
  expect(message.putAt.getTime()).toBeLessThanOrEqual(latest);
  expect(message.leaseEndsAt.getTime()).toBeGreaterThanOrEqual(message.putAt.getTime() + 60_000);
});

test("a message says priority 100 where its put said none", async () => {
  const queue = freshQueue<string>();
  await queue.put("item");

  const message = await receiveOne(queue);

  expect(message.priority).toBe(100);
});

test("bytes are received as they were put", async () => {
  const queue = freshQueue<Uint8Array>();
  await queue.put(new Uint8Array([0, 127, 128, 255]));

  const message = await receiveOne(queue);

  expect(message.item).toStrictEqual(new Uint8Array([0, 127, 128, 255]));
});

test("a message that was acked is gone, done, and cannot be acked again", async () => {
  const queue = freshQueue<string>();
  await queue.put("item");
  const message = await receiveOne(queue);

  const isAcked = await message.ack();
  const isAckedAgain = await message.ack();

  expect([isAcked, isAckedAgain]).toEqual([true, false]);
  expect(await queue.join({ timeoutSeconds: 0 })).toBe(true);
  expect(await queue.describe()).toMatchObject({ visible: 0, leased: 0, done: 1, unfinished: 0 });
});

test("a message that was given back is received again, with the error that it was given back with", async () => {
  const queue = freshQueue<string>();
  const id = await queue.put("item");
  const first = await receiveOne(queue);

  const isRetried = await first.retry({ error: "the disk was full" });
  const second = await receiveOne(queue);

  expect(isRetried).toBe(true);
  expect(second).toMatchObject({ id, item: "item", attempt: 2, lastError: "the disk was full" });
  expect(second.putAt).toEqual(first.putAt);
  expect([await first.ack(), await first.retry(), await first.extend(60)]).toEqual([false, false, false]);
  expect(await second.ack()).toBe(true);
});

test("extend moves the end of the lease", async () => {
  const queue = freshQueue<string>();
  await queue.put("item");
  const message = await receiveOne(queue, { leaseSeconds: 5 });
  const before = message.leaseEndsAt.getTime();

  const isExtended = await message.extend(600);

  expect(isExtended).toBe(true);
  expect(message.leaseEndsAt.getTime()).toBeGreaterThanOrEqual(before + 595_000);
});

test.each([{ max: 0 }, { max: 1_001 }, { leaseSeconds: 0.5 }, { leaseSeconds: 43_201 }])(
  "a receive with %o is Invalid",
  async (options) => {
    const queue = freshQueue();
    const [path] = Object.keys(options);

    await expect(queue.receive(options)).rejects.toMatchObject({
      name: "Invalid",
      code: "invalid",
      errors: [{ path }],
    });
  },
);

test("putMany puts all items in their order and answers with their ids", async () => {
  const queue = freshQueue<string>();

  const ids = await queue.putMany(["a", "b", "c"]);
  const messages = await queue.receive({ max: 10 });

  expect(messages.map(({ id, item }) => [id, item])).toEqual([
    [ids[0], "a"],
    [ids[1], "b"],
    [ids[2], "c"],
  ]);
});

test("putMany of no items puts none and does not create the queue", async () => {
  const queue = freshQueue();

  const ids = await queue.putMany([]);

  expect(ids).toEqual([]);
  await expect(queue.describe()).rejects.toMatchObject({ name: "UnknownQueue" });
});

test("putMany of more items than have room puts none of them", async () => {
  const queue = freshQueue<number>();
  await queue.configure({ maxSize: 4 });
  await queue.putMany([1, 2]);

  await expect(queue.putMany([3, 4, 5], { block: false })).rejects.toThrow(Full);

  expect(await queue.qsize()).toBe(2);
});

test("putMany of more items than the queue can ever hold is Invalid, although it would wait", async () => {
  const queue = freshQueue<number>();
  await queue.configure({ maxSize: 2 });

  await expect(queue.putMany([1, 2, 3])).rejects.toMatchObject({ name: "Invalid", errors: [{ path: "messages" }] });

  expect(await queue.qsize()).toBe(0);
});

test("putMany of 1,000 items puts them all, and of 1,001 none", async () => {
  const [full, tooMany] = [freshQueue<number>(), freshQueue<number>()];
  const items = Array.from({ length: 1_001 }, (_, n) => n);

  const ids = await full.putMany(items.slice(1));
  const refusal = tooMany.putMany(items);

  await expect(refusal).rejects.toThrow(Invalid);
  await expect(refusal).rejects.toMatchObject({ code: "invalid", errors: [{ path: "messages" }] });
  expect(new Set(ids).size).toBe(1_000);
  expect(await full.qsize()).toBe(1_000);
  expect(await tooMany.qsize()).toBe(0);
});

test("a delay that is not allowed is Invalid and names the first message that it holds for", async () => {
  const queue = freshQueue<number>();

  const refusal = queue.putMany([1, 2], { delaySeconds: 31_622_401 });

  await expect(refusal).rejects.toMatchObject({
    name: "Invalid",
    errors: [{ path: "messages[0].delaySeconds" }],
  });
  expect(await queue.qsize()).toBe(0);
});

test.each([
  ["text", "x".repeat(MIB - 2), "x".repeat(MIB - 1)],
  ["bytes", new Uint8Array(MIB), new Uint8Array(MIB + 1)],
])("1 MiB of %s is put, and one byte more is TooLarge and puts nothing of its batch", async (_, largest, larger) => {
  const queue = freshQueue<string | Uint8Array>();

  const refusal = queue.putMany(["small", larger]);
  await expect(refusal).rejects.toThrow(TooLarge);
  await queue.put(largest);

  await expect(refusal).rejects.toMatchObject({ code: "too_large", errors: [{ path: "messages[1]" }] });
  expect(await queue.get()).toEqual(largest);
  await expect(queue.getNowait()).rejects.toThrow(Empty);
});

test("a put that is far larger than any request may be is TooLarge", async () => {
  const queue = freshQueue<string>();
  const item = "x".repeat(MIB);

  await expect(queue.putMany(Array.from({ length: 30 }, () => item))).rejects.toThrow(TooLarge);

  expect(await queue.qsize()).toBe(0);
});

test("puts under one key are one put, and other content under it is refused", async () => {
  const queue = freshQueue<string>();
  const options = { idempotencyKey: "order-7" };

  const id = await queue.put("item", options);
  const sameId = await queue.put("item", options);

  expect(sameId).toBe(id);
  await expect(queue.put("other", options)).rejects.toMatchObject({ name: "IdempotencyKeyReused" });
  expect(await queue.qsize()).toBe(1);
});
