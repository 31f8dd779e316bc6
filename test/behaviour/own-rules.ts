import { describe, expect, test } from "vitest";
import { bodiesOf, type Driver, type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

/** Delivers all that is visible, and gives it back at once. */
async function failAll(queue: Driver): Promise<void> {
  const received = await queue.receive({ max: 10 });
  if (received.length > 0) await queue.retry(receiptsOf(received), { delaySeconds: 0 });
}

export function ownRules(level: Level): void {
  describe("headers", () => {
    test("come back with the message, also when it is looked at, and only where there are any", async () => {
      const queue = level.queue();
      const headers = { traceparent: "00-1-2-01", "content-language": "é 😀", empty: "" };
      const [id = ""] = await queue.put([{ body: "a", headers }, { body: "b", headers: {} }, { body: "c" }]);

      expect((await queue.peek(id)).headers).toEqual(headers);
      expect((await queue.list()).map((view) => view.headers)).toEqual([headers, undefined, undefined]);
      const received = await queue.receive({ max: 10 });
      expect(received.map((message) => message.headers)).toEqual([headers, undefined, undefined]);
    });

    test("stay with a message that comes back, dies and is redriven", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put([{ body: "a", headers: { trace: "1" } }]);
      await queue.retry(receiptsOf(await queue.receive()), { delaySeconds: 0 });
      const again = await queue.receive();
      await queue.reject(receiptsOf(again));
      const dead = await queue.peek(id);
      await queue.redrive();

      const [redriven] = await queue.receive();

      expect([again[0]?.headers, dead.headers, redriven?.headers]).toEqual(Array(3).fill({ trace: "1" }));
    });

    test("go with a dead message to another queue and back, as its own settings do", async () => {
      const [queue, dead] = [level.queue(), level.queue()];
      await dead.configure({});
      await queue.configure({ deadLetterQueue: dead.name });
      const own = { headers: { trace: "1" }, maxAttempts: 7, retryDelaySeconds: 3, retentionSeconds: 600 };
      await queue.put([{ body: "a", ...own }]);

      await queue.reject(receiptsOf(await queue.receive()));
      const [there] = await dead.receive({ timeoutSeconds: 5 });
      await dead.release([there?.receipt ?? ""]);

      expect(there).toMatchObject({ body: "a", ...own });
    });
  });

  describe("settings of one message", () => {
    test("are shown with it, and only where it has its own", async () => {
      const queue = level.queue();
      const own = { maxAttempts: 3, retryDelaySeconds: 0.5, retentionSeconds: 60 };
      const [id = "", plain = ""] = await queue.put([{ body: "a", ...own }, { body: "b" }]);

      expect(await queue.peek(id)).toMatchObject(own);
      const { maxAttempts, retryDelaySeconds, retentionSeconds } = await queue.peek(plain);
      expect([maxAttempts, retryDelaySeconds, retentionSeconds]).toEqual([undefined, undefined, undefined]);
      expect(await queue.receive()).toMatchObject([{ id, ...own }]);
    });

    test("its maxAttempts count for it alone, over those of the queue, and 0 is no limit", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 2 });
      await queue.put([{ body: "once", maxAttempts: 1 }, { body: "endless", maxAttempts: 0 }, { body: "twice" }]);

      await failAll(queue);
      const afterOne = bodiesOf(await queue.list("dead"));
      await failAll(queue);
      const afterTwo = bodiesOf(await queue.list("dead"));

      expect([afterOne, afterTwo]).toEqual([["once"], ["once", "twice"]]);
      expect(await queue.receive({ max: 10 })).toMatchObject([{ body: "endless", attempt: 3 }]);
    });

    test("its retryDelaySeconds count for it alone, over those of the queue", async () => {
      const queue = level.queue();
      await queue.configure({ retryDelaySeconds: 60, retryDelayJitter: 0 });
      await queue.put([{ body: "soon", retryDelaySeconds: 1 }, { body: "late" }]);
      await queue.retry(receiptsOf(await queue.receive({ max: 2 })));

      expect(await queue.receive()).toEqual([]);
      await level.pass(1.1);

      expect(bodiesOf(await queue.receive({ max: 2 }))).toEqual(["soon"]);
    });

    test("its retentionSeconds count for it alone, over those of the queue, and 0 is no end", async () => {
      const queue = level.queue();
      await queue.configure({ retentionSeconds: 5 });
      await queue.put([
        { body: "short", retentionSeconds: 1 },
        { body: "endless", retentionSeconds: 0 },
      ]);
      await queue.put(messagesOf("plain"));

      await level.pass(1.1);
      const afterOne = bodiesOf(await queue.list());
      await level.pass(4.1);

      expect(afterOne).toEqual(["endless", "plain"]);
      expect(bodiesOf(await queue.list())).toEqual(["endless"]);
      expect(await queue.describe()).toMatchObject({ expired: 2, visible: 1 });
    });
  });

  describe("a dedupe key until its message is done", () => {
    const until = (body: unknown) => [{ body, dedupeKey: "order-7", dedupeUntil: "done" as const }];

    test("keeps others away for longer than dedupeSeconds, and no longer than the message", async () => {
      const queue = level.queue();
      await queue.configure({ dedupeSeconds: 1 });
      const first = await queue.put(until("a"));

      await level.pass(1.1);
      const [waiting, received] = [await queue.put(until("b")), await queue.receive()];
      const leased = await queue.put(until("c"));
      await queue.ack(receiptsOf(received));
      const after = await queue.put(until("d"));

      expect([waiting, leased]).toEqual([first, first]);
      expect(after).not.toEqual(first);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["d"]);
    });

    test("is free once the message is cancelled, purged or dead", async () => {
      const queue = level.queue();

      const [first = ""] = await queue.put(until("cancelled"));
      await queue.cancel(first);
      const [second] = await queue.put(until("purged"));
      await queue.purge();
      const [third] = await queue.put(until("dead"));
      await queue.reject(receiptsOf(await queue.receive()));
      const [fourth] = await queue.put(until("last"));

      expect(new Set([first, second, third, fourth]).size).toBe(4);
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["last"]);
    });

    test("needs a key", async () => {
      const queue = level.queue();

      await expect(queue.put([{ body: "a", dedupeUntil: "done" }])).rejects.toThrow("dedupeKey");
    });
  });
}
