/** The leases of what a worker holds. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { clientTime } from "../../support/client-time.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { closedWorkers, Gate, leasedOf, unreported } from "../../support/workers/workers.ts";

const server = new TestServer({ isMovable: true });
const work = closedWorkers();

beforeAll(() => server.start());
afterAll(() => server.remove());

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  function freshQueue<Item = unknown>(): Queue<Item> {
    return server.manager({ transport }).queue<Item>(freshName());
  }

  describe("a lease", () => {
    beforeEach(() => clientTime.take());
    afterEach(() => clientTime.giveBack());

    // Over HTTP nothing waits in a worker.
    test.each(transport === "websocket" ? [["worked on"], ["worked on", "waits"]] : [["worked on"]])(
      "is extended for as long as the handler runs, and while a message waits for it: %j, %j",
      async (...items) => {
        const queue = freshQueue<string>();
        await queue.putMany(items);
        const attempts: number[] = [];
        const gate = new Gate();
        const handler = async ({ attempt }: { attempt: number }) => {
          attempts.push(attempt);
          await gate.passed;
        };

        const worker = work(queue, handler, { leaseSeconds: 30, prefetch: 1 });
        await leasedOf(queue).toBe(items.length);
        const giveUp = new AbortController();
        const others = expect(queue.receive({ signal: giveUp.signal })).rejects.toThrow("nothing came");
        await clientTime.passWith(server, queue, 90);
        giveUp.abort(new Error("nothing came"));
        await others;
        gate.open();
        await queue.join();
        await worker.close();

        expect(attempts).toEqual(items.map(() => 1));
        expect(await queue.describe()).toMatchObject({ done: items.length });
      },
    );

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
        { leaseSeconds: 30, onError: unreported },
      );
      await begun.passed;
      for await (const { id } of queue.messages()) await queue.cancel(id);
      // Over HTTP the worker hears of it as it extends the lease.
      await clientTime.passWith(server, queue, 30);
      await queue.put("next");
      await queue.join();

      expect(worked).toEqual([
        ["cancelled", true, "lease_lost"],
        ["next", false, undefined],
      ]);
    });

    test("that the handler has ended by its ack does not abort the message's signal", async () => {
      const queue = freshQueue<string>();
      await queue.put("item");
      const outcome = new Promise<boolean>((settle) => {
        work(
          queue,
          async (message) => {
            await message.ack();
            await clientTime.passWith(server, queue, 46);
            settle(message.signal.aborted);
          },
          { leaseSeconds: 30 },
        );
      });

      expect(await outcome).toBe(false);
    });
  });
});

test("a lease that is lost keeps a message that waits from being begun", async () => {
  const queue = server.manager().queue<string>(freshName());
  const ids = await queue.putMany(["first", "second", "cancelled"]);
  const gate = new Gate();
  const worked: string[] = [];

  work(
    queue,
    async ({ item, signal }) => {
      worked.push(item);
      if (item === "first") await gate.passed;
      else await new Promise<void>((lost) => signal.addEventListener("abort", () => lost()));
      gate.open();
    },
    { leaseSeconds: 3_600, concurrency: 2, prefetch: 1, onError: unreported },
  );
  await leasedOf(queue).toBe(3);
  await queue.cancel(ids[2] as string);
  // The server says this after the other, so that what comes of it shows that the worker knows of both.
  await queue.cancel(ids[1] as string);
  await queue.join();

  expect(worked.sort()).toEqual(["first", "second"]);
});
