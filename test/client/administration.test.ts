import { afterAll, beforeAll, expect, test } from "vitest";
import { Empty, type Queue, QueueManager } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

function freshQueue<Item = unknown>(): Queue<Item> {
  return server.manager().queue<Item>(freshName());
}

async function namesWith(prefix: string): Promise<string[]> {
  const names: string[] = [];
  for await (const name of server.manager().queueNames({ prefix })) names.push(name);
  return names;
}

test("configure creates the queue and answers with what it is then", async () => {
  const queue = freshQueue();

  const description = await queue.configure({ maxSize: 5 });

  expect(description).toMatchObject({ name: queue.name, order: "fifo", maxSize: 5, leaseSeconds: 30, visible: 0 });
});

test("configure leaves alone what is not given", async () => {
  const queue = freshQueue();
  await queue.configure({ maxSize: 5, leaseSeconds: 60 });

  await queue.configure({ leaseSeconds: 90 });
  await queue.configure({ order: "fifo" });

  expect(await queue.describe()).toMatchObject({ order: "fifo", maxSize: 5, leaseSeconds: 90 });
});

test("a larger maxSize lets a put in that waits", async () => {
  const queue = freshQueue<number>();
  await queue.configure({ maxSize: 1 });
  await queue.put(1);

  const putting = queue.put(2);
  await queue.configure({ maxSize: 2 });
  await putting;

  expect(await queue.qsize()).toBe(2);
});

test.each([{ maxSize: -1 }, { maxSize: 1.5 }, { leaseSeconds: 0 }, { leaseSeconds: 50_000 }])(
  "configure with %o is Invalid and does not create the queue",
  async (options) => {
    const queue = freshQueue();
    const [path] = Object.keys(options);

    await expect(queue.configure(options)).rejects.toMatchObject({ name: "Invalid", errors: [{ path }] });

    await expect(queue.describe()).rejects.toMatchObject({ name: "UnknownQueue" });
  },
);

test("describe counts every message once, by the state that it is in", async () => {
  const queue = freshQueue<string>();
  await queue.putMany(["acked", "leased", "taken", "visible", "visible"]);
  await queue.put("delayed", { delaySeconds: 3_600 });
  const [acked] = await queue.receive({ max: 2 });
  await acked?.ack();
  await queue.get();

  const description = await queue.describe();

  expect(description).toMatchObject({ visible: 2, delayed: 1, leased: 1, done: 2, purged: 0, accepted: 6 });
  expect(description.unfinished).toBe(5);
  expect(description.oldestSeconds).toBeGreaterThanOrEqual(0);
  expect(description.storageBytes).toBeGreaterThan(0);
  expect(description.rowsWritten).toBeGreaterThan(0);
});

test("describe of a queue that does not exist throws UnknownQueue", async () => {
  const queue = freshQueue();

  await expect(queue.describe()).rejects.toMatchObject({ name: "UnknownQueue", code: "unknown_queue" });
});

test("purge removes every message, also those that are leased or delayed, and finishes a join", async () => {
  const queue = freshQueue<number>();
  await queue.putMany([1, 2, 3]);
  await queue.put(4, { delaySeconds: 3_600 });
  const [message] = await queue.receive();

  const joining = queue.join();
  const purged = await queue.purge();

  expect(purged).toBe(4);
  expect(await joining).toBe(true);
  expect(await message?.ack()).toBe(false);
  expect(await queue.describe()).toMatchObject({ visible: 0, delayed: 0, leased: 0, purged: 4, unfinished: 0 });
});

test("purge of a queue that does not exist removes nothing", async () => {
  const queue = freshQueue();

  expect(await queue.purge()).toBe(0);
});

test("delete removes the queue with its messages, its configuration and its name", async () => {
  const queue = freshQueue<string>();
  await queue.configure({ maxSize: 1 });
  await queue.put("old");

  const isDeleted = await queue.delete();

  expect(isDeleted).toBe(true);
  await expect(queue.describe()).rejects.toMatchObject({ name: "UnknownQueue" });
  await expect(queue.getNowait()).rejects.toThrow(Empty);
  expect(await namesWith(queue.name)).toEqual([]);
  expect(await queue.delete()).toBe(false);
});

test("a deleted queue exists again from its next put, and no old lease fits", async () => {
  const queue = freshQueue<string>();
  await queue.put("old");
  const [old] = await queue.receive();
  await queue.delete();

  await queue.put("new");
  const isAcked = await old?.ack();

  expect(isAcked).toBe(false);
  expect(await queue.get()).toBe("new");
  expect(await queue.describe()).toMatchObject({ maxSize: 0, accepted: 1 });
});

test("queueNames lists the names with a prefix in the order of their characters, over several pages", async () => {
  const manager = server.manager();
  const names = Array.from({ length: 105 }, (_, n) => `many-${String(n).padStart(3, "0")}`);
  const others = ["man", "Many-000", "many", "many.", "manz"];
  await Promise.all([...names, ...others].map((name) => manager.queue(name).configure({})));

  const listed = await namesWith("many-");

  expect(listed).toEqual(names);
});

test("queueNames without a prefix lists all names, and with one that nothing has none", async () => {
  const queue = freshQueue();
  await queue.configure({});

  const all = await namesWith("");
  const none = await namesWith("no-queue-begins-like-this");

  expect(all).toContain(queue.name);
  expect(all).toEqual([...all].sort());
  expect(none).toEqual([]);
});

for (const address of ["http://user:word@127.0.0.1:8787", "http://127.0.0.1:8787/?a=1", "http://127.0.0.1:8787/#a"]) {
  test(`${address} is no address of a server`, () => {
    expect(() => new QueueManager({ address, authkey: "key" })).toThrow(TypeError);
  });
}

for (const name of [".", "..", "", "a/b", "é", "-a", "a".repeat(129)]) {
  test(`${JSON.stringify(name.slice(0, 10))} cannot be the name of a queue`, () => {
    expect(() => new QueueManager({ authkey: "key" }).queue(name)).toThrow(RangeError);
  });
}

test("a redrive reports its progress, step by step", async () => {
  const tasks = server.manager().queue<number>(freshName());
  const other = server.manager().queue<number>(freshName());
  await tasks.configure({ maxAttempts: 1 });
  for (let batch = 0; batch < 3; batch += 1)
    await tasks.putMany(Array.from({ length: 900 }, (_, n) => batch * 900 + n));
  for (let left = 2_700; left > 0; ) {
    const messages = await tasks.receive({ max: 900 });
    await Promise.all(messages.map((message) => message.retry()));
    left -= messages.length;
  }
  const steps: [number, number][] = [];

  const some = await tasks.redrive({ max: 1_500, to: other.name, progress: (...step) => steps.push(step) });
  const rest = await tasks.redrive();

  expect([some, rest]).toEqual([1_500, 1_200]);
  expect(steps).toEqual([
    [1_000, 1_700],
    [1_500, 1_200],
  ]);
  expect(await other.describe()).toMatchObject({ visible: 1_500 });
  expect(await tasks.describe()).toMatchObject({ visible: 1_200, dead: 0, transferred: 1_500 });
});
