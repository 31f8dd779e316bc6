import { describe, expect, test } from "vitest";
import { bodiesOf, type Level, messagesOf, type Received } from "./drivers/driver.ts";

const SHUT_DOWN = { code: "shut_down" };

export function shutdowns(level: Level): void {
  describe("shutdown", () => {
    test("refuses puts at once, and receives once what is there was taken", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1));
      await queue.shutdown();

      await expect(queue.put(messagesOf(2))).rejects.toMatchObject(SHUT_DOWN);
      const [last] = (await queue.receive()) as [Received];
      await queue.ack([last.receipt]);

      expect(last.body).toBe(1);
      await expect(queue.receive()).rejects.toMatchObject(SHUT_DOWN);
    });

    test("wakes puts that wait", async () => {
      const queue = level.queue();
      await queue.configure({ maxSize: 1 });
      await queue.put(messagesOf(1));

      const waiting = queue.put(messagesOf(2), { timeoutSeconds: 20 });
      waiting.catch(() => undefined);
      await level.arrival(queue);
      await queue.shutdown();

      await expect(waiting).rejects.toMatchObject(SHUT_DOWN);
      expect(await queue.describe()).toMatchObject({ accepted: 1, shutdown: "draining" });
    });

    test("wakes receivers that wait on an empty queue", async () => {
      const queue = level.queue();
      await queue.configure({});

      const waiting = [queue.receive({ timeoutSeconds: 20 }), queue.receive({ timeoutSeconds: 20 })];
      for (const call of waiting) call.catch(() => undefined);
      await level.arrival(queue);
      await queue.shutdown();

      for (const call of waiting) await expect(call).rejects.toMatchObject(SHUT_DOWN);
    });

    test("lets receivers wait for what is leased, until it is acked or comes back", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("back", "acked"));
      const [back, acked] = (await queue.receive({ max: 2 })) as [Received, Received];
      await queue.shutdown();

      const first = queue.receive({ timeoutSeconds: 20 });
      await level.arrival(queue);
      await queue.retry([back.receipt], { delaySeconds: 0 });
      const [again] = (await first) as [Received];
      const second = queue.receive({ timeoutSeconds: 20 });
      second.catch(() => undefined);
      await level.arrival(queue);
      await queue.ack([acked.receipt]);
      await queue.ack([again.receipt]);

      expect(again).toMatchObject({ body: "back", attempt: 2 });
      await expect(second).rejects.toMatchObject(SHUT_DOWN);
    });

    test("immediate discards what is not leased, so that join returns", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1, 2));
      await queue.put([{ body: 3, delaySeconds: 600 }]);

      const joining = queue.join(20);
      await level.arrival(queue);
      await queue.shutdown(true);

      expect(await joining).toBe(true);
      expect(await queue.describe()).toMatchObject({ visible: 0, delayed: 0, purged: 3, shutdown: "immediate" });
      await expect(queue.receive()).rejects.toMatchObject(SHUT_DOWN);
    });

    test("immediate lets the holder of a message finish it, and discards it when it comes back", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("acked", "back"));
      const [acked, back] = (await queue.receive({ max: 2 })) as [Received, Received];
      await queue.shutdown(true);

      const outcomes = [await queue.ack([acked.receipt]), await queue.retry([back.receipt], { delaySeconds: 0 })];

      expect(outcomes).toEqual([1, 1]);
      expect(await queue.describe()).toMatchObject({ done: 1, purged: 1, unfinished: 0 });
    });

    test("can be made immediate later, and not be taken back", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1));
      await queue.shutdown();
      const draining = await queue.describe();
      await queue.shutdown(true);
      await queue.shutdown(false);

      expect(draining).toMatchObject({ shutdown: "draining", visible: 1 });
      expect(await queue.describe()).toMatchObject({ shutdown: "immediate", visible: 0 });
    });

    test("a put that was accepted before is still known under its key", async () => {
      const queue = level.queue();
      const ids = await queue.put(messagesOf(1), { key: "key" });
      await queue.shutdown();

      expect(await queue.put(messagesOf(1), { key: "key" })).toEqual(ids);
      expect(bodiesOf(await queue.receive())).toEqual([1]);
    });

    test("a queue that was shut down and deleted begins anew", async () => {
      const queue = level.queue();
      await queue.shutdown();
      await queue.delete();

      await queue.put(messagesOf(1));

      expect(bodiesOf(await queue.receive())).toEqual([1]);
    });
  });
}
