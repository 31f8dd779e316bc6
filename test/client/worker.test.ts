import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type Handler,
  Invalid,
  type Message,
  type Queue,
  Unauthorized,
  type Worker,
  type WorkOptions,
} from "../../worker-client/src/index.ts";
import { FaultyProxy } from "../support/proxy.ts";
import { freshName, TestServer } from "../support/server.ts";

const MIB = 1024 * 1024;
const server = new TestServer();
const workers: Worker[] = [];

beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(async () => {
  await Promise.allSettled(workers.splice(0).map((worker) => worker.close()));
});

/** Something that a test lets happen. */
class Gate {
  readonly passed: Promise<void>;
  open = () => {};

  constructor() {
    this.passed = new Promise((open) => {
      this.open = open;
    });
  }
}

function numbers(end: number): number[] {
  return Array.from({ length: end }, (_, number) => number);
}

function itemsOf<Item>(messages: Message<Item>[]): Item[] {
  return messages.map(({ item }) => item);
}

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  function freshQueue<Item = unknown>(): Queue<Item> {
    return server.manager({ transport }).queue<Item>(freshName());
  }

  /** A worker that the test need not close. */
  function work<Item>(queue: Queue<Item>, handler: Handler<Item>, options?: WorkOptions): Worker {
    const worker = queue.work(handler, options);
    workers.push(worker);
    return worker;
  }

  /** How many messages somebody holds, when that stays so. */
  function leasedOf(queue: Pick<Queue, "describe">) {
    return expect.poll(async () => (await queue.describe()).leased, { timeout: 5_000 });
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

    test("works on as many at a time as `concurrency` says, and holds `prefetch` more", async () => {
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

      await leasedOf(queue).toBe(5);
      expect(running).toBe(2);
      gate.open();
      await queue.join();
      expect(most).toBe(2);
    });

    test.each([
      [{}, 2],
      [{ prefetch: 0 }, 1],
      [{ concurrency: 3 }, 6],
      [{ concurrency: 3, prefetch: 0 }, 3],
    ])("with %o holds %i messages", async (options, held) => {
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

  describe("a handler that fails", () => {
    test("gives its message back with the error, which the next attempt finds", async () => {
      const queue = freshQueue<string>();
      await queue.put("item");
      const seen: [attempt: number, lastError: string | undefined][] = [];
      const reported: unknown[] = [];

      work(
        queue,
        ({ attempt, lastError }) => {
          seen.push([attempt, lastError]);
          if (attempt === 1) throw new Error("the disk was full");
          if (attempt === 2) return Promise.reject("no error at all");
          return undefined;
        },
        { onError: (error) => reported.push(error) },
      );
      await queue.join();

      expect(seen).toEqual([
        [1, undefined],
        [2, "the disk was full"],
        [3, "no error at all"],
      ]);
      expect(reported).toEqual([new Error("the disk was full"), "no error at all"]);
    });

    test("may have more to say than a message can remember", async () => {
      const queue = freshQueue<string>();
      await queue.configure({ maxAttempts: 1 });
      await queue.put("item");

      work(queue, () => Promise.reject(new Error("é".repeat(5_000))));
      await queue.join();

      const letters: unknown[] = [];
      for await (const letter of queue.messages({ state: "dead" })) letters.push(letter.lastError);
      expect(letters).toEqual(["é".repeat(1_024)]);
    });
  });

  describe("a message that its handler has settled itself", () => {
    const ways: [name: string, settle: (message: Message<string>) => Promise<unknown>, outcome: object][] = [
      ["acked", (message) => message.ack(), { done: 1, dead: 0 }],
      ["given up", (message) => message.reject({ error: "never" }), { done: 0, dead: 1 }],
      ["given back", (message) => message.retry({ delaySeconds: 60 }), { done: 0, delayed: 1 }],
    ];

    test.each(ways)(
      "is not settled again if it was %s, also when the handler fails after that",
      async (_, settle, outcome) => {
        const proxy = await FaultyProxy.start(server.port);
        const queue = server.manager({ address: proxy.address, transport }).queue<string>(freshName());
        await queue.putMany(["fine", "fails"]);
        const settled: string[] = [];
        const errors: unknown[] = [];

        const worker = work(
          queue,
          async (message) => {
            if (message.item === "fails") await settle(message);
            else await message.ack();
            settled.push(message.item);
            if (message.item === "fails") throw new Error("too late");
          },
          { onError: (error) => errors.push(error) },
        );
        await expect.poll(() => settled).toEqual(["fine", "fails"]);
        await worker.close();

        expect(proxy.timesSeen("ack") + proxy.timesSeen("retry")).toBe(2);
        expect(errors).toEqual([new Error("too late")]);
        const { done, dead, delayed } = await queue.describe();
        expect({ done: done - 1, dead, delayed }).toMatchObject(outcome);
        await proxy.refuse();
      },
    );
  });

  describe("a lease", () => {
    test("is extended for as long as the handler runs, and while the message waits for it", async () => {
      const queue = freshQueue<string>();
      await queue.putMany(["worked on", "waits"]);
      const attempts: number[] = [];

      const worker = work(
        queue,
        async ({ attempt }) => {
          attempts.push(attempt);
          await sleep(2_000);
        },
        { leaseSeconds: 1 },
      );
      await leasedOf(queue).toBe(2);
      const others = await queue.receive({ timeoutSeconds: 3 });
      await queue.join();
      await worker.close();

      expect(others).toEqual([]);
      expect(attempts).toEqual([1, 1]);
      expect(await queue.describe()).toMatchObject({ done: 2 });
    });

    test("that is lost aborts the message's signal, and the worker goes on", async () => {
      const queue = freshQueue<string>();
      await queue.put("cancelled");
      const begun = new Gate();
      const worked: unknown[] = [];

      work(
        queue,
        async ({ item, signal }) => {
          begun.open();
          if (item === "cancelled") await new Promise<void>((lost) => signal.addEventListener("abort", () => lost()));
          worked.push([item, signal.aborted, signal.reason?.code]);
        },
        { leaseSeconds: 1 },
      );
      await begun.passed;
      for await (const { id } of queue.messages()) await queue.cancel(id);
      await queue.put("next");
      await queue.join();

      expect(worked).toEqual([
        ["cancelled", true, "lease_lost"],
        ["next", false, undefined],
      ]);
    });

    test("that is lost keeps a message that waits from being begun", async () => {
      const queue = freshQueue<string>();
      await queue.putMany(["first", "cancelled"]);
      const gate = new Gate();
      const worked: string[] = [];

      work(queue, ({ item }) => worked.push(item) && gate.passed, { leaseSeconds: 1, prefetch: 1 });
      await leasedOf(queue).toBe(2);
      for await (const { id, item } of queue.messages()) if (item === "cancelled") await queue.cancel(id);
      await sleep(1_500);
      gate.open();
      await queue.join();

      expect(worked).toEqual(["first"]);
    });

    test("that the handler has ended by its ack does not abort the message's signal", async () => {
      const queue = freshQueue<string>();
      await queue.put("item");
      const outcome = new Promise<boolean>((settle) => {
        work(
          queue,
          async (message) => {
            await message.ack();
            await sleep(1_500);
            settle(message.signal.aborted);
          },
          { leaseSeconds: 1 },
        );
      });

      expect(await outcome).toBe(false);
    });
  });

  describe("closing", () => {
    test("gives back at once what was not begun, and that has used up no attempt", async () => {
      const queue = freshQueue<number>();
      await queue.configure({ maxAttempts: 1 });
      await queue.putMany(numbers(4));
      const gate = new Gate();
      const begun = new Gate();
      const handler = () => {
        begun.open();
        return gate.passed;
      };
      const worker = work(queue, handler, { concurrency: 1, prefetch: 3, leaseSeconds: 3_600 });
      await begun.passed;
      await leasedOf(queue).toBe(4);

      const closing = worker.close();
      const given = [...(await queue.receive({ max: 10 }))];
      while (given.length < 3) given.push(...(await queue.receive({ max: 10 })));
      gate.open();
      await closing;

      expect(itemsOf(given)).toEqual([1, 2, 3]);
      expect(await Promise.all(given.map((message) => message.ack()))).toEqual([true, true, true]);
      expect(await queue.describe()).toMatchObject({ done: 4, dead: 0 });
    });

    test("waits for the handlers that run and for their acks", async () => {
      const queue = freshQueue<number>();
      await queue.putMany(numbers(3));
      const gate = new Gate();
      let begun = 0;
      const handler = async () => {
        begun += 1;
        await gate.passed;
      };
      const worker = work(queue, handler, { concurrency: 3 });
      await expect.poll(() => begun).toBe(3);

      let isClosed = false;
      const closing = worker.close().then(() => {
        isClosed = true;
      });
      await queue.qsize();
      expect(isClosed).toBe(false);
      gate.open();
      await closing;

      expect(await queue.describe()).toMatchObject({ done: 3, leased: 0 });
    });

    test("ends what was begun as well when a handler fails", async () => {
      const queue = freshQueue<string>();
      await queue.put("item");
      const gate = new Gate();
      const begun = new Gate();
      const handler = async () => {
        begun.open();
        await gate.passed;
        throw new Error("failed");
      };
      const worker = work(queue, handler, { prefetch: 0 });
      await begun.passed;

      const closing = worker.close();
      gate.open();
      await closing;

      expect(await queue.receive()).toMatchObject([{ attempt: 2, lastError: "failed" }]);
    });

    test("happens by a signal, and at the end of a block", async () => {
      const queue = freshQueue<string>();
      const controller = new AbortController();

      const worker = work(queue, () => undefined, { signal: controller.signal });
      controller.abort();
      await worker.finished;
      await work(queue, () => undefined, { signal: controller.signal }).finished;
      {
        await using _ = work(queue, () => undefined);
      }
      await queue.put("item");

      expect(await queue.get()).toBe("item");
    });
  });

  describe("finished", () => {
    test("is kept when the queue was shut down and is empty", async () => {
      const queue = freshQueue<number>();
      await queue.putMany(numbers(50));
      const worked: number[] = [];
      const first = work(queue, ({ item }) => worked.push(item));
      const second = work(queue, ({ item }) => worked.push(item), { concurrency: 4 });

      await queue.shutdown();
      await Promise.all([first.finished, second.finished]);

      expect(worked.sort((a, b) => a - b)).toEqual(numbers(50));
      expect(await queue.describe()).toMatchObject({ done: 50, unfinished: 0 });
    });

    test("is kept when the queue is shut down already", async () => {
      const queue = freshQueue<number>();
      await queue.shutdown();

      await work(queue, () => undefined).finished;
    });

    test("is broken with Unauthorized for a wrong authkey", async () => {
      const queue = server.manager({ authkey: "wrong", transport }).queue(freshName());

      await expect(work(queue, () => undefined).finished).rejects.toThrow(Unauthorized);
    });

    test("is broken with Invalid for a lease that is none", async () => {
      const queue = freshQueue();

      await expect(work(queue, () => undefined, { leaseSeconds: 0.5 }).finished).rejects.toThrow(Invalid);
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
    await leasedOf(queue).toBe(2);

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

test.each([{ concurrency: 0 }, { concurrency: 1.5 }, { prefetch: -1 }, { prefetch: Number.NaN }])(
  "a worker with %o is a RangeError",
  (options) => {
    const queue = server.manager().queue(freshName());

    expect(() => queue.work(() => undefined, options)).toThrow(RangeError);
  },
);
