import { describe, expect, test } from "vitest";
import { bodiesOf, type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

export function schedules(level: Level, now: () => number): void {
  describe("delays and schedules", () => {
    test("a delayed message is handed out when its delay is over, and not before", async () => {
      const queue = level.queue();
      await queue.put([{ body: "late", delaySeconds: 1 }]);
      await queue.put(messagesOf("now"));

      const early = await queue.receive({ max: 10 });
      await level.pass(1.1);

      expect(bodiesOf(early)).toEqual(["now"]);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["late"]);
    });

    test("a message with a time is handed out at that time, and at once if that has passed", async () => {
      const queue = level.queue();
      await queue.put([{ body: "late", at: now() + 1 }]);
      await queue.put([{ body: "past", at: now() - 3_600 }]);

      const early = await queue.receive({ max: 10 });
      await level.pass(1.1);

      expect(bodiesOf(early)).toEqual(["past"]);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["late"]);
    });

    test("a receiver that waits is given a delayed message when its time comes", async () => {
      const queue = level.queue();
      await queue.put([{ body: "late", delaySeconds: 0.3 }]);

      const waiting = queue.receive({ timeoutSeconds: 20 });
      await level.arrival(queue);
      await level.pass(0.4);

      expect(bodiesOf(await waiting)).toEqual(["late"]);
    });

    test("a message that is given back stays away for the delay that the retry says", async () => {
      const queue = level.queue();
      await queue.put(messagesOf("a"));
      await queue.retry(receiptsOf(await queue.receive()), { delaySeconds: 1 });

      const early = await queue.receive();
      await level.pass(1.1);

      expect(early).toEqual([]);
      expect(await queue.receive()).toMatchObject([{ body: "a", attempt: 2 }]);
    });

    for (const [attempt, delay] of [
      [1, 100],
      [2, 300],
      [3, 500],
      [4, 500],
    ] as const) {
      test(`after attempt ${attempt} a retry without a delay of its own takes the queue's, here ${delay} seconds`, async () => {
        const queue = level.queue();
        const growing = { retryDelaySeconds: 100, retryDelayFactor: 3, retryDelayMaxSeconds: 500, retryDelayJitter: 0 };
        await queue.configure({ ...growing, maxAttempts: 0 });
        const [id] = await queue.put(messagesOf("a"));

        for (let earlier = 1; earlier < attempt; earlier += 1) {
          await queue.retry(receiptsOf(await queue.receive()), { delaySeconds: 0 });
        }
        await queue.retry(receiptsOf(await queue.receive()));

        const { state, visibleAt = 0 } = await queue.peek(id as string);
        expect(state).toBe("delayed");
        expect(Math.abs(visibleAt - now() - delay)).toBeLessThan(20);
      });
    }

    test("a lease that ends is followed by the queue's delay", async () => {
      const queue = level.queue();
      await queue.configure({ retryDelaySeconds: 100 });
      const [id] = await queue.put(messagesOf("a"));
      await queue.receive({ leaseSeconds: 1 });

      await level.pass(1.1);

      expect(await queue.peek(id as string)).toMatchObject({ state: "delayed", attempts: 1 });
    });

    test("with jitter, messages that failed together do not come back together, nor later than without", async () => {
      const queue = level.queue();
      await queue.configure({ retryDelaySeconds: 1_000, retryDelayMaxSeconds: 1_000, retryDelayJitter: 0.5 });
      await queue.put(messagesOf(...Array(20).keys()));

      await queue.retry(receiptsOf(await queue.receive({ max: 20 })));

      const delays = (await queue.list("delayed")).map(({ visibleAt = 0 }) => visibleAt - now());
      expect(delays).toHaveLength(20);
      expect(new Set(delays.map(Math.round)).size).toBeGreaterThan(5);
      for (const delay of delays) {
        expect(delay).toBeGreaterThan(480);
        expect(delay).toBeLessThan(1_020);
      }
    });
  });
}
