import { describe, expect, test } from "vitest";
import { bodiesOf, immediate, type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

export function bounds(level: Level): void {
  describe("bounds", () => {
    test("a put into a full queue is refused at once unless it waits", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 2 });
      await queue.put(messagesOf(1, 2));

      await expect(queue.put(messagesOf(3))).rejects.toMatchObject({ code: "full" });
      expect(await queue.describe()).toMatchObject({ visible: 2, accepted: 2 });
    });

    test("a put that waits is refused when its time is over", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 1 });
      await queue.put(messagesOf(1));

      await expect(queue.put(messagesOf(2), { timeoutSeconds: 0.1 })).rejects.toMatchObject({ code: "full" });
      await queue.receive();
      expect(await queue.receive()).toEqual([]);
    });

    test("puts that wait come in as slots come free, in order of arrival and batches as a whole", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 2 });
      await queue.put(messagesOf(1, 2));

      const waiting: Promise<string[]>[] = [];
      for (const bodies of [[3, 4], [5]]) {
        waiting.push(queue.put(messagesOf(...bodies), { timeoutSeconds: 20 }));
        await level.arrival(queue);
      }
      const received = [...(await queue.receive())];
      const meanwhile = await queue.describe();
      while (received.length < 5) received.push(...(await queue.receive()));

      expect(meanwhile).toMatchObject({ visible: 1, accepted: 2 });
      expect(bodiesOf(received)).toEqual([1, 2, 3, 4, 5]);
      expect((await Promise.all(waiting)).map((ids) => ids.length)).toEqual([2, 1]);
    });

    test("a batch larger than the bound is refused, although it would wait", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 2 });

      const refusal = queue.put(messagesOf(1, 2, 3), { timeoutSeconds: 20 });

      await expect(refusal).rejects.toMatchObject({ code: "invalid" });
      expect(await queue.describe()).toMatchObject({ accepted: 0 });
    });

    test("a put that fits comes in when the batch that waited before it gives up", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 2 });
      await queue.put(messagesOf(1));

      const batch = queue.put(messagesOf(2, 3), { timeoutSeconds: 0.3 });
      batch.catch(() => undefined);
      await level.arrival(queue);
      const single = queue.put(messagesOf(4), { timeoutSeconds: 20 });

      await expect(batch).rejects.toMatchObject({ code: "full" });
      expect(await single).toHaveLength(1);
    });

    test("a put that does not wait does not overtake those that do", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 2 });
      await queue.put(messagesOf(1));

      const batch = queue.put(messagesOf(2, 3), { timeoutSeconds: 20 });
      await level.arrival(queue);
      await expect(queue.put(messagesOf(4))).rejects.toMatchObject({ code: "full" });
      await queue.receive();

      expect(await batch).toHaveLength(2);
    });

    test("a put that waits comes in when the bound is raised or lifted", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 1 });
      await queue.put(messagesOf(1));

      const waiting = [
        queue.put(messagesOf(2), { timeoutSeconds: 20 }),
        queue.put(messagesOf(3), { timeoutSeconds: 20 }),
      ];
      await level.arrival(queue);
      await queue.configure({ maxSize: 2 });
      await queue.configure({ maxSize: 0 });
      await Promise.all(waiting);

      expect(await queue.describe()).toMatchObject({ visible: 3 });
    });

    test("a put that waits comes in when the queue is purged", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 1 });
      await queue.put(messagesOf(1));

      const waiting = queue.put(messagesOf(2), { timeoutSeconds: 20 });
      await level.arrival(queue);
      await queue.purge();
      await waiting;

      expect(await queue.describe()).toMatchObject({ visible: 1, purged: 1 });
    });

    test("delayed messages fill a queue, leased ones do not", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 1 });
      await queue.put([{ body: "late", delaySeconds: 0.3 }]);

      await expect(queue.put(messagesOf("b"))).rejects.toMatchObject({ code: "full" });
      await level.pass(0.4);
      await queue.receive();

      expect(await queue.put(messagesOf("b"))).toHaveLength(1);
    });

    test("what comes back from a lease may pass the bound", async () => {
      const queue = await immediate(level);
      await queue.configure({ maxSize: 1 });
      await queue.put(messagesOf("a"));
      const receipts = receiptsOf(await queue.receive());
      await queue.put(messagesOf("b"));

      await queue.retry(receipts);

      expect(await queue.describe()).toMatchObject({ visible: 2, maxSize: 1 });
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["a", "b"]);
    });

    test("a bound below what the queue holds refuses puts until there is room", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1, 2, 3));
      await queue.configure({ maxSize: 1 });

      await expect(queue.put(messagesOf(4))).rejects.toMatchObject({ code: "full" });
      await queue.receive({ max: 3 });

      expect(await queue.put(messagesOf(4))).toHaveLength(1);
    });

    test("a batch that waits is refused when the bound falls below its size, and holds up no other", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 5 });
      await queue.put(messagesOf(1, 2, 3, 4, 5));

      const batch = queue.put(messagesOf(6, 7, 8, 9), { timeoutSeconds: 20 });
      batch.catch(() => undefined);
      await level.arrival(queue);
      await queue.configure({ maxSize: 2 });
      await queue.purge();

      expect(await queue.put(messagesOf(10))).toHaveLength(1);
      await expect(batch).rejects.toMatchObject({ code: "invalid" });
    });
  });
}
