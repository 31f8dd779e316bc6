/** `Queue.shutdown` as in Python 3.13, with Python's calls: what CPython's own tests of it look at. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { DoneTooOften, type Queue, ShutDown } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

async function queueWith(...items: string[]): Promise<Queue<string>> {
  const queue = server.manager().queue<string>(freshName());
  await queue.configure({});
  await queue.putMany(items);
  return queue;
}

/** Calls that wait, once the server has them. */
async function arrived<Value>(queue: Queue<string>, calls: Promise<Value>[]): Promise<Promise<Value>[]> {
  for (const call of calls) call.catch(() => undefined);
  for (let answers = 0; answers < 3; answers += 1) await queue.qsize();
  return calls;
}

test("an empty queue that is shut down throws ShutDown to put and get", async () => {
  const queue = await queueWith();
  await queue.shutdown();

  await expect(queue.put("item")).rejects.toThrow(ShutDown);
  await expect(queue.get()).rejects.toThrow(ShutDown);
});

test("a queue that is shut down throws ShutDown to put at once, and to get when it is drained", async () => {
  const queue = await queueWith("a", "b");
  await queue.shutdown();

  await expect(queue.putNowait("c")).rejects.toThrow(ShutDown);
  expect([await queue.get(), await queue.getNowait()]).toEqual(["a", "b"]);
  await expect(queue.get()).rejects.toThrow(ShutDown);
  await expect(queue.getNowait()).rejects.toThrow(ShutDown);
});

test("a queue that is shut down immediately throws ShutDown to get although it held items, and is empty", async () => {
  const queue = await queueWith("a", "b");
  await queue.shutdown({ immediate: true });

  await expect(queue.get()).rejects.toThrow(ShutDown);
  await expect(queue.getNowait()).rejects.toThrow(ShutDown);
  expect(await queue.qsize()).toBe(0);
});

test.each([false, true])("a get that waits wakes with ShutDown (immediate: %s)", async (immediate) => {
  const queue = await queueWith();
  const waiting = await arrived(queue, [queue.get(), queue.get({ timeoutSeconds: 60 })]);

  await queue.shutdown({ immediate });

  for (const call of waiting) await expect(call).rejects.toThrow(ShutDown);
});

test.each([false, true])("a put that waits for room wakes with ShutDown (immediate: %s)", async (immediate) => {
  const queue = await queueWith("a");
  await queue.configure({ maxSize: 1 });
  const waiting = await arrived(queue, [queue.put("b"), queue.put("c", { timeoutSeconds: 60 })]);

  await queue.shutdown({ immediate });

  for (const call of waiting) await expect(call).rejects.toThrow(ShutDown);
  expect(await queue.describe()).toMatchObject({ accepted: 1 });
});

test("join waits for what was taken before a shutdown, and taskDone goes on", async () => {
  const queue = await queueWith("a", "b");
  await queue.get();
  await queue.shutdown();
  const [joining] = (await arrived(queue, [queue.join()])) as [Promise<boolean>];

  await queue.taskDone();
  await queue.get();
  await queue.taskDone();

  expect(await joining).toBe(true);
});

test("an immediate shutdown settles what is unfinished in the queue, so that join returns when the rest is done", async () => {
  const queue = await queueWith("taken", "discarded", "discarded too");
  await queue.get();
  const [joining] = (await arrived(queue, [queue.join()])) as [Promise<boolean>];

  await queue.shutdown({ immediate: true });
  const between = await queue.join({ timeoutSeconds: 0 });
  await queue.taskDone();

  expect(between).toBe(false);
  expect(await joining).toBe(true);
  await expect(queue.taskDone()).rejects.toThrow(DoneTooOften);
});

test("a shutdown that is made twice is made once, and can become immediate", async () => {
  const queue = await queueWith("a");
  await queue.shutdown();
  await queue.shutdown();
  expect(await queue.qsize()).toBe(1);

  await queue.shutdown({ immediate: true });

  expect(await queue.qsize()).toBe(0);
});
