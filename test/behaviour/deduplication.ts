import { describe, expect, test } from "vitest";
import { bodiesOf, type Level, messagesOf, type Received } from "./drivers/driver.ts";

export function deduplication(level: Level): void {
  describe("deduplication", () => {
    test("a put that is made again under its idempotency key is the same put", async () => {
      const queue = level.queue();

      const first = await queue.put(messagesOf(1, 2), { key: "key" });
      const second = await queue.put(messagesOf(1, 2), { key: "key" });

      expect(second).toEqual(first);
      await expect(queue.put(messagesOf(3), { key: "key" })).rejects.toMatchObject({ code: "idempotency_key_reused" });
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual([1, 2]);
    });

    test("a message whose dedupe key was put before is not stored, and its id is that one's", async () => {
      const queue = level.queue();

      const [first] = await queue.put([{ body: "a", dedupeKey: "order-7" }]);
      const [second] = await queue.put([{ body: "b", dedupeKey: "order-7" }]);
      const [other] = await queue.put([{ body: "c", dedupeKey: "order-8" }]);

      expect(second).toBe(first);
      expect(other).not.toBe(first);
      expect(await queue.describe()).toMatchObject({ accepted: 2, unfinished: 2 });
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["a", "c"]);
    });

    test("a dedupe key counts also after its message is done", async () => {
      const queue = level.queue();
      await queue.put([{ body: "a", dedupeKey: "order-7" }]);
      const [message] = (await queue.receive()) as [Received];
      await queue.ack([message.receipt]);

      const [id] = await queue.put([{ body: "b", dedupeKey: "order-7" }]);

      expect(id).toBe(message.id);
      expect(await queue.receive()).toEqual([]);
    });

    test("a message that is cancelled or purged can be put again under its dedupe key", async () => {
      const queue = level.queue();
      const [cancelled, purged] = await queue.put(
        ["order-7", "order-8"].map((dedupeKey) => ({ body: "first", dedupeKey })),
      );

      await queue.cancel(cancelled as string);
      const [second] = await queue.put([{ body: "second", dedupeKey: "order-7" }]);
      await queue.purge();
      const thirds = await queue.put(["order-7", "order-8"].map((dedupeKey) => ({ body: "third", dedupeKey })));

      expect(new Set([cancelled, purged, second, ...thirds]).size).toBe(5);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["third", "third"]);
    });

    test("a dead message keeps others with its dedupe key away, until it is purged", async () => {
      const queue = level.queue();
      const [first] = await queue.put([{ body: "a", dedupeKey: "order-7" }]);
      const [message] = (await queue.receive()) as [Received];
      await queue.reject([message.receipt]);

      expect(await queue.put([{ body: "b", dedupeKey: "order-7" }])).toEqual([first]);
      await queue.purge("dead");
      expect(await queue.put([{ body: "c", dedupeKey: "order-7" }])).not.toEqual([first]);
    });

    test("what was done before a purge is not put again under its dedupe key", async () => {
      const queue = level.queue();
      const ids = await queue.put(["order-7", "order-8"].map((dedupeKey) => ({ body: "a", dedupeKey })));
      const [message] = (await queue.receive()) as [Received];
      await queue.ack([message.receipt]);
      await queue.purge();

      const again = await queue.put(["order-7", "order-8"].map((dedupeKey) => ({ body: "b", dedupeKey })));

      expect(again[0]).toBe(ids[0]);
      expect(again[1]).not.toBe(ids[1]);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["b"]);
    });

    test("a put under an idempotency key is the same put also after its messages were purged", async () => {
      const queue = level.queue();
      const first = await queue.put([{ body: "a", dedupeKey: "order-7" }], { key: "key" });
      await queue.purge();

      const second = await queue.put([{ body: "a", dedupeKey: "order-7" }], { key: "key" });

      expect(second).toEqual(first);
      expect(await queue.receive()).toEqual([]);
    });

    test("a dedupe key is forgotten when the queue's dedupeSeconds are over", async () => {
      const queue = level.queue();
      await queue.configure({ dedupeSeconds: 1 });
      const [first] = await queue.put([{ body: "a", dedupeKey: "order-7" }]);

      await level.pass(1.1);
      const [second] = await queue.put([{ body: "b", dedupeKey: "order-7" }]);

      expect(second).not.toBe(first);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["a", "b"]);
    });

    test("a duplicate needs no room in a full queue", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 1 });
      const ids = await queue.put([{ body: "a", dedupeKey: "order-7" }]);

      expect(await queue.put([{ body: "b", dedupeKey: "order-7" }])).toEqual(ids);
    });

    test("a dedupe key and an idempotency key that are alike do not meet", async () => {
      const queue = level.queue();

      await queue.put(messagesOf("a"), { key: "same" });
      await queue.put([{ body: "b", dedupeKey: "same" }]);

      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["a", "b"]);
    });
  });
}
