/** A worker that is paused takes nothing, and goes on when it is resumed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { closedWorkers, Gate, leasedOf, numbers } from "../../support/workers/workers.ts";

const server = new TestServer();
const memory = new MemoryManager();
const work = closedWorkers();

beforeAll(() => server.start());
afterAll(async () => {
  await memory.close();
  await server.remove();
});

const WAYS = {
  "over a WebSocket": <Item>(): Queue<Item> => server.manager().queue<Item>(freshName()),
  "over HTTP": <Item>(): Queue<Item> => server.manager({ transport: "http" }).queue<Item>(freshName()),
  "in memory": <Item>(): Queue<Item> => memory.queue<Item>(freshName()),
};

describe.each(Object.keys(WAYS) as (keyof typeof WAYS)[])("%s", (way) => {
  function freshQueue<Item = unknown>(): Queue<Item> {
    return WAYS[way]<Item>();
  }

  test("a paused worker waits for what runs, begins nothing, and works on what is there when it is resumed", async () => {
    const queue = freshQueue<number>();
    await queue.putMany([0, 1]);
    const gate = new Gate();
    const begun: [item: number, attempt: number][] = [];
    const worker = work(queue, async ({ item, attempt }) => {
      begun.push([item, attempt]);
      await gate.passed;
    });
    await expect.poll(() => begun.length).toBe(1);

    let isQuiet = false;
    const pausing = worker.pause().then(() => {
      isQuiet = true;
    });
    await queue.put(2);
    expect([worker.isPaused, isQuiet]).toEqual([true, false]);
    gate.open();
    await pausing;

    expect(begun).toEqual([[0, 1]]);
    expect(await queue.describe()).toMatchObject({ done: 1 });
    await expect.poll(() => queue.describe()).toMatchObject({ visible: 2, leased: 0 });
    worker.resume();
    expect(worker.isPaused).toBe(false);
    await queue.join();
    expect(begun.map(([, attempt]) => attempt)).toEqual([1, 1, 1]);
  });

  test("a worker that waits for messages is paused at once, and messages that are put go to another one", async () => {
    const queue = freshQueue<number>();
    const taken: string[] = [];
    const first = work(queue, () => taken.push("first"), { concurrency: 4 });
    await queue.put(0);
    await queue.join();

    await first.pause();
    work(queue, ({ attempt }) => taken.push(`second, attempt ${attempt}`));
    await queue.putMany(numbers(5));
    await queue.join();

    expect(taken).toEqual(["first", ...Array(5).fill("second, attempt 1")]);
  });

  test("pausing twice, resuming without a pause, and closing while paused are fine", async () => {
    const queue = freshQueue<number>();
    const worked: number[] = [];
    const worker = work(queue, ({ item }) => worked.push(item));
    worker.resume();
    await Promise.all([worker.pause(), worker.pause()]);
    await worker.pause();
    worker.resume();
    worker.resume();
    await queue.put(1);
    await queue.join();

    await worker.pause();
    await queue.put(2);
    await worker.close();
    await worker.pause();

    expect(worked).toEqual([1]);
    // Over HTTP a request for messages that was left goes on for a while, and what it brings is given back.
    await expect.poll(() => queue.describe()).toMatchObject({ done: 1, leased: 0 });
    const [message] = await queue.receive({ timeoutSeconds: 5 });
    expect(message).toMatchObject({ item: 2, attempt: 1 });
  });

  test("a pause that is over before the handler has ended is not waited for any longer", async () => {
    const queue = freshQueue<number>();
    await queue.put(1);
    const gate = new Gate();
    const begun = new Gate();
    const worker = work(queue, () => {
      begun.open();
      return gate.passed;
    });
    await begun.passed;

    const pausing = worker.pause();
    worker.resume();
    await pausing;

    gate.open();
    await queue.join();
  });

  test("is paused and resumed again and again, and each message is worked on once", async () => {
    const queue = freshQueue<number>();
    const runs = new Map<number, number>();
    const worker = work(queue, async ({ item }) => runs.set(item, (runs.get(item) ?? 0) + 1), { concurrency: 5 });
    for (let pause = 0; pause < 20; pause += 1) {
      await queue.putMany(numbers(20).map((number) => pause * 20 + number));
      await worker.pause();
      worker.resume();
    }
    await queue.join();

    expect([...runs.values()]).toEqual(Array(400).fill(1));
  });
});

test("what waits in a worker that is paused is given back, and has used up no attempt", async () => {
  const queue = server.manager().queue<number>(freshName());
  await queue.configure({ maxAttempts: 1 });
  await queue.putMany(numbers(4));
  const gate = new Gate();
  const worker = work(queue, () => gate.passed, { prefetch: 3, leaseSeconds: 3_600 });
  await leasedOf(queue).toBe(4);

  void worker.pause();
  await leasedOf(queue).toBe(1);
  expect(await queue.describe()).toMatchObject({ visible: 3, dead: 0 });

  worker.resume();
  await leasedOf(queue).toBe(4);
  gate.open();
  await queue.join();
  expect(await queue.describe()).toMatchObject({ done: 4, dead: 0 });
});

test("a paused worker stays paused when the server was started again, and can be resumed then", async () => {
  await using manager = server.manager();
  const queue = manager.queue<string>(freshName());
  const worked: string[] = [];
  const worker = work(queue, ({ item }) => worked.push(item), { onError: () => undefined });
  await queue.put("before");
  await queue.join();
  await worker.pause();

  await server.crash();
  await server.start();
  await queue.put("after");
  for (let calls = 0; calls < 5; calls += 1) await queue.describe();

  expect(worked).toEqual(["before"]);
  expect(await queue.describe()).toMatchObject({ visible: 1, leased: 0 });
  worker.resume();
  await queue.join();
  expect(worked).toEqual(["before", "after"]);
});
