/** What becomes of the message of a handler that fails, or has said itself what becomes of it. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Message, Queue } from "../../../worker-client/src/index.ts";
import { FaultyProxy } from "../../support/proxy.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { closedWorkers, unreported } from "../../support/workers/workers.ts";

const server = new TestServer();
const work = closedWorkers();

beforeAll(() => server.start());
afterAll(() => server.remove());

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  function freshQueue<Item = unknown>(): Queue<Item> {
    return server.manager({ transport }).queue<Item>(freshName());
  }

  describe("a handler that fails", () => {
    test("gives its message back with the error, which the next attempt finds", async () => {
      const queue = freshQueue<string>();
      await queue.configure({ retryDelaySeconds: 0 });
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
        [2, expect.stringMatching(/^Error: the disk was full\n\s+at /)],
        [3, "no error at all"],
      ]);
      expect(reported).toEqual([new Error("the disk was full"), "no error at all"]);
    });

    test("may have more to say than a message can remember", async () => {
      const queue = freshQueue<string>();
      await queue.configure({ maxAttempts: 1 });
      await queue.put("item");

      work(queue, () => Promise.reject(new Error("é".repeat(5_000))), { onError: unreported });
      await queue.join();

      const errors: string[] = [];
      for await (const { lastError = "" } of queue.messages({ state: "dead" })) errors.push(lastError);
      expect(errors).toEqual([expect.stringMatching(/^Error: é{200,}…\n\s+at /)]);
      expect(errors[0]?.length).toBeLessThanOrEqual(1_024);
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

        expect(proxy.timesSeen("ack") + proxy.timesSeen("retry") + proxy.timesSeen("reject")).toBe(2);
        expect(errors).toEqual([new Error("too late")]);
        const { done, dead, delayed } = await queue.describe();
        expect({ done: done - 1, dead, delayed }).toMatchObject(outcome);
        await proxy.refuse();
      },
    );
  });
});
