import { describe, expect, test } from "vitest";
import { bodiesOf, immediate, type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

/** @param now the server's time in seconds since 1970, or near it */
export function changes(level: Level, now: () => number): void {
  describe("changing a message that waits", () => {
    for (const [order, expected] of [
      ["fifo", ["a", "b", "c"]],
      ["lifo", ["c", "b", "a"]],
      ["priority", ["c", "a", "b"]],
    ] as const) {
      test(`in ${order} another priority decides the place of a message only where priorities do`, async () => {
        const queue = level.queue();
        await queue.configure({ order });
        const [, , id = ""] = await queue.put(messagesOf("a", "b", "c"));

        expect(await queue.change(id, { priority: 7 })).toMatchObject({ id, body: "c", priority: 7, state: "visible" });

        expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(expected);
      });
    }

    test("a message whose priority changes is the last among its equals, under the same id", async () => {
      const queue = level.queue();
      await queue.configure({ order: "priority" });
      const [id = ""] = await queue.put([{ body: "changed", priority: 1 }]);
      await queue.put([{ body: "equal", priority: 5 }]);

      await queue.change(id, { priority: 5 });

      expect(await queue.peek(id)).toMatchObject({ id, priority: 5 });
      const received = await queue.receive({ max: 10 });
      expect(received).toMatchObject([{ body: "equal" }, { id, body: "changed", priority: 5, attempt: 1 }]);
      expect(await queue.ack(receiptsOf(received))).toBe(2);
      expect(await queue.describe()).toMatchObject({ visible: 0, leased: 0, accepted: 2, done: 2, unfinished: 0 });
    });

    test("a message is handed out with its new body, in its old place", async () => {
      const queue = level.queue();
      const [, id = ""] = await queue.put(messagesOf("a", "b", "c"));

      expect(await queue.change(id, { body: { n: 7 } })).toMatchObject({ id, body: { n: 7 }, priority: 100 });

      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["a", { n: 7 }, "c"]);
    });

    test("a visible message is delayed, and a delayed one gets another time", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put(messagesOf("a"));

      expect(await queue.change(id, { delaySeconds: 60 })).toMatchObject({ state: "delayed" });
      expect(await queue.describe()).toMatchObject({ visible: 0, delayed: 1 });
      const at = Math.round(now() * 1_000) / 1_000 + 5;
      expect(await queue.change(id, { at })).toMatchObject({ state: "delayed", visibleAt: at });

      expect(await queue.receive()).toEqual([]);
      await level.pass(5.1);
      expect(bodiesOf(await queue.receive())).toEqual(["a"]);
    });

    test("a delay of 0 makes a delayed message visible", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put([{ body: "a", delaySeconds: 60 }]);

      expect(await queue.change(id, { delaySeconds: 0 })).toMatchObject({ state: "visible" });

      expect(bodiesOf(await queue.receive())).toEqual(["a"]);
    });

    test("headers are changed all together, and removed by none", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put(messagesOf("a"));

      expect((await queue.change(id, { headers: { trace: "1", step: "a" } })).headers).toEqual({
        trace: "1",
        step: "a",
      });
      expect((await queue.change(id, { headers: { trace: "é" } })).headers).toEqual({ trace: "é" });
      expect((await queue.change(id, { priority: 3 })).headers).toEqual({ trace: "é" });
      expect((await queue.change(id, { headers: null })).headers).toBeUndefined();

      expect(await queue.receive()).toMatchObject([{ id, body: "a", priority: 3 }]);
    });

    test("a receiver that waits is given a message that a change makes visible", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put([{ body: "a", delaySeconds: 60 }]);

      const waiting = queue.receive({ timeoutSeconds: 20 });
      await level.arrival(queue);
      await queue.change(id, { delaySeconds: 0 });

      expect(bodiesOf(await waiting)).toEqual(["a"]);
    });

    test("a message that is leased, dead or gone is not changed", async () => {
      const queue = await immediate(level);
      const [leased = "", dead = "", done = ""] = await queue.put(messagesOf("leased", "dead", "done"));
      const received = await queue.receive({ max: 3 });
      const [, toReject = "", toAck = ""] = receiptsOf(received);
      await queue.reject([toReject]);
      await queue.ack([toAck]);

      for (const call of [(id: string) => queue.change(id, { priority: 1 }), (id: string) => queue.promote(id)]) {
        await expect(call(leased)).rejects.toMatchObject({ code: "not_waiting" });
        await expect(call(dead)).rejects.toMatchObject({ code: "not_waiting" });
        await expect(call(done)).rejects.toMatchObject({ code: "unknown_message" });
        await expect(call("0-0-9-9")).rejects.toMatchObject({ code: "unknown_message" });
      }
      expect(await queue.peek(leased)).toMatchObject({ state: "leased", body: "leased", priority: 100 });
    });

    test("in a queue that does not exist there is nothing to change", async () => {
      const queue = level.queue();

      await expect(queue.change("0-0-1-0", { priority: 1 })).rejects.toMatchObject({ code: "unknown_queue" });
      await expect(queue.promote("0-0-1-0")).rejects.toMatchObject({ code: "unknown_queue" });
    });
  });

  describe("promoting a message", () => {
    test("a delayed message is visible at once, in its place", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put([{ body: "promoted", delaySeconds: 60 }]);
      await queue.put(messagesOf("other"));

      expect(await queue.promote(id)).toMatchObject({ id, state: "visible", body: "promoted" });

      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["promoted", "other"]);
    });

    test("a message that waits for its next attempt is visible at once, and its attempts stay counted", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put(messagesOf("a"));
      await queue.retry(receiptsOf(await queue.receive()), { delaySeconds: 60, error: "no" });

      await queue.promote(id);

      expect(await queue.receive()).toMatchObject([{ id, attempt: 2, lastError: "no" }]);
    });

    test("a visible message stays as it is, also when it is promoted again", async () => {
      const queue = level.queue();
      const [id = ""] = await queue.put(messagesOf("a", "b"));

      await queue.promote(id);

      expect(await queue.promote(id)).toMatchObject({ id, state: "visible" });
      expect(bodiesOf(await queue.receive({ max: 10 }))).toEqual(["a", "b"]);
    });
  });
}
