import { describe, expect, test } from "vitest";
import { bodiesOf, type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

export function orders(level: Level): void {
  describe("orders", () => {
    test("fifo, the default, hands out what was put first", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1, 2));
      await queue.put(messagesOf(3));

      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual([1, 2, 3]);
    });

    test("lifo hands out what was put last", async () => {
      const queue = level.queue();
      await queue.configure({ order: "lifo" });
      await queue.put(messagesOf(1, 2));
      await queue.put(messagesOf(3));

      const first = await queue.receive();
      await queue.put(messagesOf(4));

      expect(bodiesOf([...first, ...(await queue.receive({ max: 10 }))])).toEqual([3, 4, 2, 1]);
    });

    test("priority hands out the lowest number first, and what was put first among equals", async () => {
      const queue = level.queue();
      await queue.configure({ order: "priority" });
      for (const [body, priority] of [
        ["c", 100],
        ["a", 0],
        ["d", 255],
        ["b", 7],
        ["a2", 0],
      ] as const) {
        await queue.put([{ body, priority }]);
      }
      await queue.put(messagesOf("c2"));

      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["a", "a2", "b", "c", "c2", "d"]);
    });

    for (const [order, expected] of [
      ["fifo", [1, 2, 3]],
      ["lifo", [3, 2, 1]],
      ["priority", [1, 2, 3]],
    ] as const) {
      test(`in ${order} a message that comes back keeps its place`, async () => {
        const queue = level.queue();
        await queue.configure({ order });
        await queue.put(messagesOf(1, 2, 3));
        const received = await queue.receive({ max: 2 });

        await queue.retry(receiptsOf(received), { delaySeconds: 0 });

        expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(expected);
      });
    }

    test("the order of a queue that holds messages cannot be changed, and of an empty one it can", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1));

      await expect(queue.configure({ order: "lifo", maxSize: 7 })).rejects.toMatchObject({ code: "order_conflict" });
      expect(await queue.describe()).toMatchObject({ order: "fifo", maxSize: 0 });
      await queue.ack(receiptsOf(await queue.receive()));
      expect(await queue.configure({ order: "lifo" })).toMatchObject({ order: "lifo" });
      await queue.put(messagesOf(1, 2));
      expect(bodiesOf(await queue.receive())).toEqual([2]);
    });
  });
}
