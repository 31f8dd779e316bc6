/** What a worker and its handlers learn of their leases, and what they do with them. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Queue, QueueError, QueueOptions } from "../../../worker-client/src/index.ts";
import { clientTime } from "../../support/client-time.ts";
import { TestServer } from "../../support/server.ts";
import { closedWorkers, impatientQueue } from "../../support/workers/workers.ts";

const server = new TestServer({ isMovable: true });
const work = closedWorkers();

beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(() => {
  vi.restoreAllMocks();
});

function freshQueue<Item = unknown>(options: QueueOptions = {}): Promise<Queue<Item>> {
  return impatientQueue(server, options);
}

describe("a lease that is extended by hand", () => {
  beforeEach(() => clientTime.take());
  afterEach(() => clientTime.giveBack());

  test("lasts as long as was said, and the worker does not shorten it", async () => {
    const queue = await freshQueue<string>({ leaseSeconds: 30 });
    await queue.put("item");
    const ends: number[] = [];

    work(queue, async (message) => {
      await message.extend(3_600);
      await clientTime.passWith(server, queue, 46);
      for await (const { until } of queue.messages()) ends.push(until?.getTime() ?? 0);
    });
    await queue.join();

    expect(ends[0]).toBeGreaterThan(Date.now() + 3_000_000);
  });
});

describe("giving a message back by hand", () => {
  test("takes an error as it was thrown, and cuts it", async () => {
    const queue = await freshQueue<string>();
    await queue.put("item");
    const [message] = await queue.receive();

    expect(await message?.retry({ error: new Error("y".repeat(5_000)), delaySeconds: 0 })).toBe(true);

    const [again] = await queue.receive({ timeoutSeconds: 5 });
    expect(again?.lastError).toMatch(/^Error: y+…\n\s+at /);
  });

  test("that is refused leaves the message to be given back otherwise", async () => {
    const queue = await freshQueue<string>();
    await queue.put("item");
    const refused: string[] = [];

    work(
      queue,
      async (message) => {
        if (message.attempt > 1) return;
        await message.retry({ delaySeconds: 1e9 }).catch((error: QueueError) => refused.push(error.code));
        throw new Error("given back by the worker");
      },
      { onError: () => undefined },
    );
    await queue.join();

    expect(refused).toEqual(["invalid"]);
    expect(await queue.describe()).toMatchObject({ done: 1 });
  });
});

describe("the signal of a message that was received by hand", () => {
  beforeEach(() => clientTime.take());
  afterEach(() => clientTime.giveBack());

  test("is aborted when the lease is over, and not when it was acked before", async () => {
    const queue = await freshQueue<string>();
    await queue.putMany(["late", "acked"]);
    const messages = await queue.receive({ max: 2, leaseSeconds: 30 });
    const signals = messages.map(({ signal }) => signal);
    await messages[1]?.ack();

    await clientTime.pass(10);
    expect(signals[0]?.aborted).toBe(false);
    await clientTime.pass(20);
    await expect.poll(() => signals[0]?.aborted).toBe(true);

    expect(signals[0]?.reason).toMatchObject({ code: "lease_lost" });
    expect(signals[1]?.aborted).toBe(false);
  });
});

test("a cancelled message and a pause reach the worker without waiting for its lease", async () => {
  const queue = await freshQueue<string>({ leaseSeconds: 600 });
  const id = await queue.put("worked on");
  const lost = Promise.withResolvers<void>();
  const begun: string[] = [];
  work(
    queue,
    async ({ item, signal }) => {
      begun.push(item);
      signal.addEventListener("abort", () => lost.resolve());
      await lost.promise;
    },
    { prefetch: 5, onError: () => undefined },
  );
  await queue.putMany(["waits 1", "waits 2"]);
  await expect.poll(async () => (await queue.describe()).leased).toBe(3);

  await queue.pause({ only: "receives" });
  expect(await queue.describe()).toMatchObject({ leased: 1, visible: 2 });
  await queue.cancel(id);
  await lost.promise;
  // What was said to the worker before has arrived by then.
  for (let calls = 0; calls < 3; calls += 1) await queue.describe();

  expect(begun).toEqual(["worked on"]);
  await queue.resume();
  await queue.join();
  expect(begun).toEqual(["worked on", "waits 1", "waits 2"]);
});

test.each([{}, { concurrency: 20 }])(
  "tasks are each worked on once while their queue is paused and resumed: %o",
  async (options) => {
    const queue = await freshQueue<number>();
    const errors: unknown[] = [];
    const runs = new Map<number, number>();
    await queue.putMany(Array.from({ length: 1_000 }, (_, n) => n));

    work(queue, async ({ item }) => runs.set(item, (runs.get(item) ?? 0) + 1), {
      ...options,
      onError: (error) => errors.push(error),
    });
    for (let pause = 0; pause < 10; pause += 1) {
      await queue.pause({ only: "receives" });
      await expect.poll(async () => (await queue.describe()).leased).toBe(0);
      await queue.resume();
    }
    await queue.join();

    expect([...runs.values()]).toEqual(Array(1_000).fill(1));
    expect(errors).toEqual([]);
  },
);

test("a worker uses the queue's own leaseSeconds", async () => {
  const queue = await freshQueue<string>({ leaseSeconds: 600 });
  await queue.put("item");
  const lefts: number[] = [];

  work(queue, ({ leaseEndsAt }) => lefts.push(leaseEndsAt.getTime() - Date.now()));
  await queue.join();

  expect(lefts[0]).toBeGreaterThan(500_000);
});

test("no listener of a worker stays behind on the signal that would have closed it", async () => {
  const queue = await freshQueue();
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");

  await queue.work(() => undefined, { signal }).close();

  expect(added.mock.calls.map(([, listener]) => listener)).toEqual(removed.mock.calls.map(([, listener]) => listener));
  expect(added).toHaveBeenCalledTimes(1);
});
