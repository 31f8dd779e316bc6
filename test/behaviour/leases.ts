import { describe, expect, test } from "vitest";
import { bodiesOf, immediate, type Level, messagesOf, type Received, receiptsOf } from "./drivers/driver.ts";

export function leases(level: Level): void {
  describe("leases", () => {
    test("a leased message is handed to no other receiver", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("a"));
      await queue.receive();

      expect(await queue.receive()).toEqual([]);
      expect(await queue.describe()).toMatchObject({ visible: 0, leased: 1, unfinished: 1 });
    });

    test("a message whose lease ends is handed out again, and only its newest receipt counts", async () => {
      const queue = await immediate(level);
      await queue.put(messagesOf("a"));
      const [old] = (await queue.receive({ leaseSeconds: 1 })) as [Received];
      await level.pass(1.1);
      const [current] = (await queue.receive()) as [Received];

      expect(current).toMatchObject({ id: old.id, body: "a", attempt: 2 });
      expect(await queue.ack([old.receipt])).toBe(0);
      expect(await queue.ack([current.receipt])).toBe(1);
    });

    test("a receiver that waits is given a message whose lease ends", async () => {
      const queue = await immediate(level);
      await queue.put(messagesOf("a"));
      await queue.receive({ leaseSeconds: 1 });

      const waiting = queue.receive({ timeoutSeconds: 20 });
      await level.arrival(queue);
      await level.pass(1.1);

      expect(await waiting).toMatchObject([{ body: "a", attempt: 2 }]);
    });

    test("a queue's own leaseSeconds holds for a receive that says none", async () => {
      const queue = await immediate(level);
      await queue.configure({ leaseSeconds: 1 });
      await queue.put(messagesOf("a"));
      await queue.receive();

      await level.pass(1.1);

      expect(await queue.receive()).toMatchObject([{ body: "a", attempt: 2 }]);
    });

    for (const verb of ["ack", "retry", "extend"] as const) {
      test(`${verb} does nothing to a message whose lease is over, and applies to the others`, async () => {
        const queue = level.queue();
        await queue.put(messagesOf("a", "b", "c"));
        const [old] = (await queue.receive()) as [Received];
        await queue.retry([old.receipt], { delaySeconds: 0 });
        const [again, acked, held] = (await queue.receive({ max: 3 })) as [Received, Received, Received];
        await queue.ack([acked.receipt]);
        const before = await queue.describe();

        const apply = (receipts: string[]) => {
          if (verb === "retry") return queue.retry(receipts, { delaySeconds: 60 });
          return verb === "extend" ? queue.extend(receipts, 60) : queue.ack(receipts);
        };
        const stale = await apply([old.receipt, acked.receipt]);
        const after = await queue.describe();
        const good = await apply([acked.receipt, held.receipt, old.receipt]);

        expect([stale, good]).toEqual([0, 1]);
        expect(after).toMatchObject({ leased: before.leased, delayed: before.delayed, done: before.done });
        expect(await queue.ack([again.receipt])).toBe(1);
      });
    }

    test("a retried message is visible again and carries the error of its last attempt", async () => {
      const queue = await immediate(level);
      await queue.put(messagesOf("a"));
      await queue.retry(receiptsOf(await queue.receive()), { error: 'It "broke"\n.' });
      const second = await queue.receive();
      await queue.retry(receiptsOf(second));
      const [third] = (await queue.receive()) as [Received];

      expect(second).toMatchObject([{ body: "a", attempt: 2, lastError: 'It "broke"\n.' }]);
      expect([third.attempt, third.lastError]).toEqual([3, undefined]);
    });

    test("a lease that is extended outlasts its first end, under the same receipt", async () => {
      const queue = await immediate(level);
      await queue.put(messagesOf("a", "b"));
      const [a, b] = (await queue.receive({ max: 2, leaseSeconds: 1 })) as [Received, Received];

      const extended = await queue.extend([a.receipt], 60);
      await level.pass(1.1);

      expect(extended).toBe(1);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["b"]);
      expect([await queue.ack([a.receipt]), await queue.ack([b.receipt])]).toEqual([1, 0]);
    });

    test("a lease is extended by the queue's own, where none is given", async () => {
      const queue = await immediate(level);
      await queue.configure({ leaseSeconds: 60 });
      await queue.put(messagesOf("a", "b"));
      const [a] = (await queue.receive({ max: 2, leaseSeconds: 1 })) as [Received];

      await queue.extend([a.receipt]);
      await level.pass(1.1);

      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["b"]);
    });

    test("a lease can be cut short", async () => {
      const queue = await immediate(level);
      await queue.put(messagesOf("a"));
      await queue.extend(receiptsOf(await queue.receive({ leaseSeconds: 60 })), 1);

      await level.pass(1.1);

      expect(await queue.receive()).toMatchObject([{ body: "a", attempt: 2 }]);
    });

    test("an acked message never comes back, though its lease would have ended", async () => {
      const queue = await immediate(level);
      await queue.put(messagesOf("a", "b"));
      const [a] = (await queue.receive({ max: 2, leaseSeconds: 1 })) as [Received];
      await queue.ack([a.receipt]);

      await level.pass(1.1);

      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["b"]);
    });
  });
}
