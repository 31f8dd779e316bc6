import { describe, expect, test } from "vitest";
import { bodiesOf, type Level, messagesOf, type Received, receiptsOf } from "./drivers/driver.ts";

export function messages(level: Level): void {
  describe("messages", () => {
    test("a message that was put is received, acked and gone", async () => {
      const queue = level.queue();

      const [id] = await queue.put(messagesOf({ n: 7 }));
      const received = await queue.receive();
      const acked = await queue.ack(receiptsOf(received));

      expect(received).toMatchObject([{ id, body: { n: 7 }, attempt: 1, priority: 100 }]);
      expect(acked).toBe(1);
      expect(await queue.receive()).toEqual([]);
      expect(await queue.describe()).toMatchObject({ visible: 0, leased: 0, accepted: 1, done: 1, unfinished: 0 });
    });

    test("every kind of JSON value comes back as it was put", async () => {
      const queue = level.queue();
      const bodies = [
        ...[null, true, false, 0, -1.5e-7, 2 ** 53, "", "line\nfeed\0\u2028 é 😀 \ud800", [], {}],
        ...[[[[]]], { a: { b: [1, "2", null] } }, JSON.parse('{"__proto__":{"polluted":true},"constructor":1}')],
        // What a message says of itself, as a content: nothing in here may be taken for it.
        ...[{ priority: 1, putAt: 2 }, ',"priority":1,"putAt":2}', '","putAt":3'],
      ];

      await queue.put(messagesOf(...bodies));

      expect(JSON.stringify(bodiesOf(await queue.receive({ max: 100 })))).toBe(JSON.stringify(bodies));
    });

    test("a message says when it was put, with what priority, and the client when its lease ends", async () => {
      const queue = level.queue();
      await queue.put([{ body: 1, priority: 7 }]);

      const [message] = (await queue.receive({ leaseSeconds: 20 })) as [Received];

      expect(message.priority).toBe(7);
      expect(message.putAt).toBeGreaterThan(1_700_000_000);
      expect(message.leaseEndsAt).toBeGreaterThanOrEqual(message.putAt + 20);
    });

    test("a receive hands out at most as many messages as it asks for", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1, 2, 3, 4, 5));

      const counts = [await queue.receive({ max: 2 }), await queue.receive(), await queue.receive({ max: 1_000 })];

      expect(counts.map(({ length }) => length)).toEqual([2, 1, 2]);
    });

    test("a receive waits for what is put", async () => {
      const queue = level.queue();

      const waiting = queue.receive({ max: 10, timeoutSeconds: 20 });
      await level.arrival(queue);
      await queue.put(messagesOf("a", "b"));

      expect(bodiesOf(await waiting)).toEqual(["a", "b"]);
    });

    test("a receive whose wait ends is answered with no messages", async () => {
      const queue = level.queue();
      await queue.configure({});

      expect(await queue.receive({ timeoutSeconds: 0.05 })).toEqual([]);
      await queue.put(messagesOf("for a receiver that is there"));
      expect(await queue.describe()).toMatchObject({ visible: 1, leased: 0 });
    });

    test("receivers that wait are served in order of arrival", async () => {
      const queue = level.queue();

      const waiting: Promise<Received[]>[] = [];
      for (let receiver = 0; receiver < 5; receiver += 1) {
        waiting.push(queue.receive({ timeoutSeconds: 20 }));
        await level.arrival(queue);
      }
      await queue.put(messagesOf(0));
      await queue.put(messagesOf(1, 2));
      await queue.put(messagesOf(3, 4));

      expect((await Promise.all(waiting)).map(bodiesOf)).toEqual([[0], [1], [2], [3], [4]]);
    });

    test("a batch that spans several blocks comes back whole and in order", async () => {
      const queue = level.queue();
      const bodies = [...Array(600).keys()];

      const ids = await queue.put(messagesOf(...bodies));
      const received = await queue.receive({ max: 1_000 });
      await queue.ack(receiptsOf(received));

      expect(new Set(ids).size).toBe(600);
      expect(received.map(({ id, body }) => [id, body])).toEqual(bodies.map((body) => [ids[body], body]));
      expect(await queue.describe()).toMatchObject({ visible: 0, leased: 0, accepted: 600, done: 600, unfinished: 0 });
    });

    test("a batch of large messages comes back whole and in order", async () => {
      const queue = level.queue();
      const bodies = [...Array(20).keys()].map((number) => `${number} ${"é".repeat(50_000)}`);

      await queue.put(messagesOf(...bodies));

      expect(bodiesOf(await queue.receive({ max: 20 }))).toEqual(bodies);
    });
  });
}
