/** A worker and its messages. See the other files for what fails, for leases and for closing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { closedWorkers, Gate, leasedOf, numbers } from "../../support/workers/workers.ts";

const MIB = 1024 * 1024;
const server = new TestServer();
const work = closedWorkers();

beforeAll(() => server.start());
afterAll(() => server.remove());

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  const isOverSocket = transport === "websocket";

  function freshQueue<Item = unknown>(): Queue<Item> {
    return server.manager({ transport }).queue<Item>(freshName());
  }

  describe("a worker", () => {
    test("works on each message once, in order, and acks it", async () => {
      const queue = freshQueue<number>();
      const worked: number[] = [];
      work(queue, ({ item }) => worked.push(item));

      for (const n of numbers(20)) await queue.put(n);
      await queue.join();

      expect(worked).toEqual(numbers(20));
      expect(await queue.describe()).toMatchObject({ done: 20, leased: 0, visible: 0, unfinished: 0 });
    });

    test("works on as many at a time as `concurrency` says", async () => {
      const queue = freshQueue<number>();
      await queue.putMany(numbers(10));
      const gate = new Gate();
      let running = 0;
      let most = 0;
      const handler = async () => {
        running += 1;
        most = Math.max(most, running);
        await gate.passed;
        running -= 1;
      };

      work(queue, handler, { concurrency: 2, prefetch: 3 });

      await leasedOf(queue).toBe(isOverSocket ? 5 : 2);
      await expect.poll(() => running).toBe(2);
      gate.open();
      await queue.join();
      expect(most).toBe(2);
    });

    // What is received over HTTP counts as begun, so that nothing waits there.
    test.each([
      [{}, 1],
      [{ concurrency: 3 }, 3],
      [{ prefetch: 0 }, 1],
      [{ prefetch: 1 }, isOverSocket ? 2 : 1],
      [{ concurrency: 3, prefetch: 0 }, 3],
      [{ concurrency: 3, prefetch: 4 }, isOverSocket ? 7 : 3],
    ])("with %o holds %i messages at first", async (options, held) => {
      const queue = freshQueue<number>();
      await queue.putMany(numbers(20));
      const gate = new Gate();

      work(queue, () => gate.passed, options);

      await leasedOf(queue).toBe(held);
      expect(await queue.describe()).toMatchObject({ leased: held, visible: 20 - held });
      gate.open();
      await queue.join();
    });

    test("shares a queue with others, and no message is worked on twice", async () => {
      const queue = freshQueue<number>();
      const worked: number[] = [];
      for (let count = 0; count < 3; count += 1) {
        work(queue, async ({ item }) => worked.push(item), { concurrency: 3 });
      }

      await Promise.all(numbers(300).map((n) => queue.put(n)));
      await queue.join();

      expect(worked.sort((a, b) => a - b)).toEqual(numbers(300));
    });

    test("gets all of many large messages, text and bytes", async () => {
      const queue = freshQueue<string | Uint8Array>();
      const text = "x".repeat(MIB - 2);
      const bytes = new Uint8Array(MIB).fill(7);
      await Promise.all(numbers(20).map((n) => queue.put(n % 2 === 0 ? text : bytes)));
      const worked: boolean[] = [];

      work(queue, ({ item }) => worked.push(item === text || Buffer.compare(item as Uint8Array, bytes) === 0), {
        concurrency: 30,
      });
      await queue.join();

      expect(worked).toEqual(Array(20).fill(true));
    });

    test("goes on when its queue was deleted and is there again", async () => {
      const queue = freshQueue<string>();
      const worked: string[] = [];
      work(queue, ({ item }) => worked.push(item));
      await queue.put("before");
      await queue.join();

      await queue.delete();
      await queue.put("after");
      await queue.join();

      expect(worked).toEqual(["before", "after"]);
    });
  });

  test("a worker goes on when the server has crashed and is back, with what it held and with what is put then", async () => {
    const queue = freshQueue<number>();
    await queue.putMany(numbers(3));
    const gate = new Gate();
    const worked: [item: number, attempt: number][] = [];
    const worker = work(
      queue,
      async ({ item, attempt }) => {
        await gate.passed;
        worked.push([item, attempt]);
      },
      { concurrency: 1, prefetch: 1 },
    );
    await leasedOf(queue).toBe(isOverSocket ? 2 : 1);

    await server.crash();
    gate.open();
    await server.start();
    await queue.putMany([3, 4]);
    await queue.join();
    await worker.close();

    expect(worked).toEqual(numbers(5).map((n) => [n, 1]));
  });
});

describe("over a socket, where nothing passes an ack and nothing is pushed that is not wanted,", () => {
  function freshQueue<Item = unknown>(): Queue<Item> {
    return server.manager().queue<Item>(freshName());
  }

  test("a worker never holds more than `concurrency` and `prefetch` together", async () => {
    const queue = freshQueue<number>();
    await queue.putMany(numbers(200));
    const held: number[] = [];
    const handler = async () => held.push((await queue.describe()).leased);

    const worker = queue.work(handler, { concurrency: 4, prefetch: 2 });
    await queue.join();
    await worker.close();

    expect(held).toHaveLength(200);
    expect(Math.max(...held)).toBeLessThanOrEqual(6);
  });

  test("a worker that is closed takes nothing more", async () => {
    const queue = freshQueue<string>();
    const worked: string[] = [];
    const worker = queue.work(({ item }) => worked.push(item));
    await queue.put("before");
    await queue.join();

    await worker.close();
    await queue.put("after");

    expect(await queue.get()).toBe("after");
    expect(worked).toEqual(["before"]);
  });
});

test.each([
  { concurrency: 0 },
  { concurrency: 1.5 },
  { prefetch: -1 },
  { prefetch: Number.NaN },
  { leaseSeconds: 0.5 },
  { leaseSeconds: 43_201 },
])("a worker with %o is a RangeError", (options) => {
  const queue = server.manager().queue(freshName());

  expect(() => queue.work(() => undefined, options)).toThrow(RangeError);
});
