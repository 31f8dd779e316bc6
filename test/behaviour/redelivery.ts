import { describe, expect, test } from "vitest";
import { bodiesOf, type Driver, type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

/** Delivers the next message, if there is one, and gives it back at once. */
async function fail(queue: Driver, error?: string): Promise<void> {
  const messages = await queue.receive();
  if (messages.length > 0)
    await queue.retry(receiptsOf(messages), { delaySeconds: 0, ...(error === undefined ? {} : { error }) });
}

export function redelivery(level: Level): void {
  describe("attempts and dead letters", () => {
    test("after its last attempt a message that is given back is dead: kept, and not handed out", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 2 });
      const [id] = await queue.put(messagesOf("poison"));

      await fail(queue);
      await fail(queue, "the disk was full");

      expect(await queue.receive()).toEqual([]);
      expect(await queue.describe()).toMatchObject({ visible: 0, dead: 1, accepted: 1 });
      expect(await queue.list("dead")).toMatchObject([
        { id, state: "dead", body: "poison", attempts: 2, lastError: "the disk was full", diedAt: expect.any(Number) },
      ]);
    });

    test("after its last attempt a message whose lease ends is dead", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 1 });
      await queue.put(messagesOf("poison"));
      const received = await queue.receive({ leaseSeconds: 1 });

      await level.pass(1.1);

      expect(await queue.describe()).toMatchObject({ leased: 0, dead: 1 });
      expect(await queue.ack(receiptsOf(received))).toBe(0);
    });

    test("a message that its holder gives up is dead at once, with its reason and error", async () => {
      const queue = level.queue();
      const [id] = await queue.put(messagesOf("poison"));

      const rejected = await queue.reject(receiptsOf(await queue.receive()), "no such customer");

      expect(rejected).toBe(1);
      expect(await queue.list("dead")).toMatchObject([
        { id, attempts: 1, reason: "rejected", lastError: "no such customer" },
      ]);
      expect(await queue.describe()).toMatchObject({ visible: 0, leased: 0, dead: 1, unfinished: 0 });
    });

    test("what is given back before it was begun is there at once, in its place, and has lost no attempt", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 1, retryDelaySeconds: 60 });
      await queue.put(messagesOf("a", "b"));
      const [first] = await queue.receive();

      expect(await queue.release([first?.receipt ?? ""])).toBe(1);
      const again = await queue.receive();
      await queue.retry(receiptsOf(again), { error: "failed" });

      expect(again).toMatchObject([{ body: "a", attempt: 1 }]);
      expect(await queue.list("dead")).toMatchObject([{ body: "a", attempts: 1, lastError: "failed" }]);
    });

    test("a join that waits returns when the lease of the last attempt ends", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 1 });
      await queue.put(messagesOf("poison"));
      await queue.receive({ leaseSeconds: 1 });

      const joining = queue.join(20);
      await level.arrival(queue);
      await level.pass(1.1);

      expect(await joining).toBe(true);
    });

    test("the default is ten attempts, and 0 is no limit", async () => {
      const [ten, none] = [level.queue(), level.queue()];
      await none.configure({ maxAttempts: 0 });

      for (const queue of [ten, none]) {
        await queue.put(messagesOf("a"));
        for (let attempt = 1; attempt <= 11; attempt += 1) await fail(queue);
      }

      expect(await ten.describe()).toMatchObject({ maxAttempts: 10, dead: 1 });
      expect(await none.receive()).toMatchObject([{ attempt: 12 }]);
    });

    test("a dead message counts as done for join, and not when it is redriven", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 1 });
      await queue.put(messagesOf("poison"));

      await fail(queue);
      const joined = await queue.join();
      await queue.redrive();

      expect(joined).toBe(true);
      expect(await queue.join()).toBe(false);
    });

    test("redriven messages are in their places again, with all their attempts before them", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 2 });
      const ids = await queue.put(messagesOf("a", "b", "c"));
      for (let attempt = 1; attempt <= 2; attempt += 1) {
        await queue.retry(receiptsOf(await queue.receive({ max: 3 })), { delaySeconds: 0 });
      }
      await queue.put(messagesOf("d"));

      const one = await queue.redrive({ ids: [ids[1] as string, "never-1-0"] });
      const first = await queue.receive();
      const all = await queue.redrive();
      await queue.retry(receiptsOf(first), { delaySeconds: 0 });

      expect([one, all]).toEqual([1, 2]);
      expect(first).toMatchObject([{ body: "b", attempt: 3 }]);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["a", "b", "c", "d"]);
      expect(await queue.describe()).toMatchObject({ dead: 0, leased: 4 });
    });

    test("dead messages alone can be purged", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 1 });
      await queue.put(messagesOf("poison"));
      await fail(queue);
      await queue.put(messagesOf("good"));

      const purged = await queue.purge("dead");

      expect(purged).toBe(1);
      expect(await queue.describe()).toMatchObject({ visible: 1, dead: 0, purged: 1, unfinished: 1 });
    });
  });
}
