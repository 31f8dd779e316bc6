import { describe, expect, test } from "vitest";
import { type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

/** Python's `get`, `task_done` and `join`. */
export function unfinished(level: Level): void {
  describe("unfinished", () => {
    test("what is taken for good is gone, and unfinished until it is reported done", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("a", "b"));

      const taken = [await queue.take(), await queue.take()];
      const before = await queue.describe();
      await queue.done();
      const between = await queue.describe();
      await queue.done(1);

      expect(taken).toEqual(["a", "b"]);
      expect(before).toMatchObject({ visible: 0, leased: 0, done: 2, unfinished: 2 });
      expect([between.unfinished, (await queue.describe()).unfinished]).toEqual([1, 0]);
    });

    test("several can be reported done at once", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1, 2, 3, 4, 5));

      await queue.done(4);

      expect(await queue.describe()).toMatchObject({ visible: 5, unfinished: 1 });
    });

    test("done more often than messages were put is an error and counts nothing", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1, 2));

      await expect(queue.done(3)).rejects.toMatchObject({ code: "done_too_often" });
      expect(await queue.describe()).toMatchObject({ unfinished: 2 });
    });

    test("a join is finished at once where nothing is unfinished", async () => {
      const queue = level.queue();
      await queue.configure({});

      expect(await queue.join(20)).toBe(true);
    });

    test("a join that does not wait, or whose wait ends, says that messages are unfinished", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("a"));
      await queue.receive();

      expect([await queue.join(0), await queue.join(0.05)]).toEqual([false, false]);
    });

    test("a join waits for the ack of the last message", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("a", "b"));
      const receipts = receiptsOf(await queue.receive({ max: 2 }));

      const joining = queue.join(20);
      await level.arrival(queue);
      await queue.ack(receipts);

      expect(await joining).toBe(true);
    });

    test("all joins that wait are answered", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("a"));
      await queue.take();

      const joining = [1, 2, 3, 4, 5].map(() => queue.join(20));
      await level.arrival(queue);
      await queue.done();

      expect(await Promise.all(joining)).toEqual([true, true, true, true, true]);
    });

    test("a purge finishes a join", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("a"));

      const joining = queue.join(20);
      await level.arrival(queue);
      await queue.purge();

      expect(await joining).toBe(true);
    });
  });
}
