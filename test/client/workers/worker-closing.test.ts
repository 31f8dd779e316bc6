/** How workers end. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Message, type Queue, Unauthorized } from "../../../worker-client/src/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { closedWorkers, Gate, itemsOf, leasedOf, numbers, unreported } from "../../support/workers/workers.ts";

const server = new TestServer();
const work = closedWorkers();

beforeAll(() => server.start());
afterAll(() => server.remove());

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  function freshQueue<Item = unknown>(): Queue<Item> {
    return server.manager({ transport }).queue<Item>(freshName());
  }

  describe("closing", () => {
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
      await queue.configure({ retryDelaySeconds: 0 });
      await queue.put("item");
      const gate = new Gate();
      const begun = new Gate();
      const handler = async () => {
        begun.open();
        await gate.passed;
        throw new Error("failed");
      };
      const worker = work(queue, handler, { prefetch: 0, onError: unreported });
      await begun.passed;

      const closing = worker.close();
      gate.open();
      await closing;

      const [message] = await queue.receive({ timeoutSeconds: 5 });
      expect(message?.attempt).toBe(2);
      expect(message?.lastError).toMatch(/^Error: failed\n\s+at /);
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

  describe("closing when its time is over", () => {
    test.each(["returns", "throws", "rejects with the reason", "retries its message"] as const)(
      "gives back what runs, and its message has used up no attempt although its handler %s later",
      async (how) => {
        const queue = freshQueue<string>();
        await queue.configure({ maxAttempts: 1 });
        await queue.put("item");
        const gate = new Gate();
        const begun = new Gate();
        const over = new Gate();
        const handler = async (message: Message<string>) => {
          begun.open();
          await gate.passed;
          over.open();
          if (how === "throws") throw new Error("late");
          if (how === "rejects with the reason") throw message.signal.reason;
          if (how === "retries its message") await message.retry({ retrySeconds: 0 });
        };
        const errors: unknown[] = [];
        const worker = work(queue, handler, { onError: (error) => errors.push(error) });
        await begun.passed;

        await worker.close({ timeoutSeconds: 0 });
        gate.open();
        await over.passed;

        const [message] = await queue.receive({ timeoutSeconds: 5 });
        expect(message?.attempt).toBe(1);
        expect(await queue.describe()).toMatchObject({ dead: 0, leased: 1 });
        const text = `The worker of ${queue.name} was closed before its handler had ended.`;
        expect(errors[0]).toMatchObject({ code: "closed", message: text });
        if (how === "returns" || how === "rejects with the reason") expect(errors).toHaveLength(1);
      },
    );

    test("leaves a message alone that its handler has acked", async () => {
      const queue = freshQueue<string>();
      await queue.put("item");
      const acked = new Gate();
      const hangs = new Gate();
      const worker = work(
        queue,
        async (message) => {
          await message.ack();
          acked.open();
          await hangs.passed;
        },
        { onError: unreported },
      );
      await acked.passed;

      await worker.close({ timeoutSeconds: 0 });

      expect(await queue.describe()).toMatchObject({ done: 1, visible: 0, leased: 0 });
      hangs.open();
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
  });
});

test("closing gives back at once what was not begun, and that has used up no attempt", async () => {
  const queue = server.manager().queue<number>(freshName());
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
