import { describe, expect, test } from "vitest";
import { bodiesOf, type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

/** @param now the server's time in seconds since 1970, or near it */
export function retention(level: Level, now: () => number): void {
  describe("retention", () => {
    test("a message that is not taken in time expires, and is counted", async () => {
      const queue = level.queue();
      await queue.configure({ retentionSeconds: 1 });
      const [id] = await queue.put(messagesOf("old"));

      await level.pass(1.1);
      await queue.put(messagesOf("new"));

      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["new"]);
      expect(await queue.describe()).toMatchObject({ accepted: 2, expired: 1, unfinished: 1 });
      await expect(queue.peek(id as string)).rejects.toMatchObject({ code: "unknown_message" });
    });

    test("a queue keeps its messages for ever unless its retention is configured", async () => {
      const queue = level.queue();

      expect(await queue.configure({})).toMatchObject({ retentionSeconds: 0, deadLetterExpired: false });
    });

    test("an expired message is a dead letter where the queue says so, and a redrive gives it a new time", async () => {
      const queue = level.queue();
      await queue.configure({ retentionSeconds: 1, deadLetterExpired: true });
      const [id] = await queue.put(messagesOf("old"));

      await level.pass(1.1);
      const dead = await queue.list("dead");
      await queue.redrive();

      expect(dead).toMatchObject([{ id, reason: "expired", attempts: 0 }]);
      expect(await queue.peek(id as string)).toMatchObject({ state: "visible" });
      expect(bodiesOf(await queue.receive())).toEqual(["old"]);
    });

    test("a leased message does not expire before it comes back", async () => {
      const queue = level.queue();
      await queue.configure({ retentionSeconds: 1 });
      await queue.put(messagesOf("acked", "back"));
      const [acked, back] = receiptsOf(await queue.receive({ max: 2 })) as [string, string];

      await level.pass(1.1);
      const held = await queue.describe();
      await queue.ack([acked]);
      await queue.retry([back], { delaySeconds: 0 });

      expect(held).toMatchObject({ leased: 2, expired: 0 });
      expect(await queue.describe()).toMatchObject({ visible: 0, done: 1, expired: 1 });
    });

    test("what was put for later has its time from then on", async () => {
      const queue = level.queue();
      await queue.configure({ retentionSeconds: 5 });
      const at = Math.round(now() * 1_000) / 1_000 + 6;
      await queue.put([{ body: "later", at }]);

      await level.pass(6.1);

      expect(await queue.receive()).toMatchObject([{ body: "later", at }]);
    });

    test("a join that waits returns when the last message expires, and a put that waits comes in", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 1, retentionSeconds: 1 });
      await queue.put(messagesOf("old"));

      const joining = queue.join(20);
      await level.arrival(queue);
      await level.pass(1.1);
      const joined = await joining;
      await queue.put(messagesOf("old"));
      const putting = queue.put(messagesOf("new"), { timeoutSeconds: 20 });
      await level.arrival(queue);
      await level.pass(1.1);

      expect(joined).toBe(true);
      expect(await putting).toHaveLength(1);
    });

    test("retention can be changed for what is there already", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("old"));

      await level.pass(1.1);
      await queue.configure({ retentionSeconds: 1 });

      expect(await queue.describe()).toMatchObject({ visible: 0, expired: 1 });
    });
  });
}
