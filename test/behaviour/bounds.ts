import { describe, expect, test } from "vitest";
import { bodiesOf, type Level, messagesOf } from "./driver.ts";

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
  });
}
