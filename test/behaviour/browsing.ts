import { describe, expect, test } from "vitest";
import { bodiesOf, type Level, messagesOf, type Received, receiptsOf } from "./drivers/driver.ts";

export function looking(level: Level): void {
  describe("looking and operating", () => {
    test("messages are listed by state without being taken", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 1 });
      await queue.put(messagesOf("dead", "leased", "visible"));
      await queue.put([{ body: "delayed", delaySeconds: 600 }]);
      const [dead] = (await queue.receive({ max: 2, leaseSeconds: 600 })) as [Received];
      await queue.retry([dead.receipt]);

      for (const state of ["visible", "delayed", "leased", "dead"] as const) {
        expect(await queue.list(state)).toMatchObject([{ body: state, state }]);
      }
      expect(bodiesOf(await queue.list())).toEqual(["dead", "leased", "visible", "delayed"]);
      expect(await queue.describe()).toMatchObject({ visible: 1, delayed: 1, leased: 1, dead: 1 });
    });

    test("a list longer than a page is listed whole", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(...Array(250).keys()));

      expect(bodiesOf(await queue.list("visible"))).toEqual([...Array(250).keys()]);
    });

    test("one message can be looked at, and one that is not in the queue is unknown", async () => {
      const queue = level.queue();
      const [id] = await queue.put([{ body: { n: 7 }, priority: 3 }]);
      const [message] = await queue.receive();

      const view = await queue.peek(id as string);
      await queue.ack(receiptsOf([message as Received]));

      expect(view).toMatchObject({ id, state: "leased", body: { n: 7 }, priority: 3, attempts: 1 });
      await expect(queue.peek(id as string)).rejects.toMatchObject({ code: "unknown_message" });
    });

    test("a message that is cancelled is gone, also while it is leased, and its receipt is stale then", async () => {
      const queue = level.queue();
      const ids = await queue.put(messagesOf("leased", "visible"));
      const [held] = (await queue.receive()) as [Received];

      for (const id of ids) await queue.cancel(id);

      expect(await queue.ack([held.receipt])).toBe(0);
      expect(await queue.receive()).toEqual([]);
      expect(await queue.describe()).toMatchObject({ purged: 2, unfinished: 0 });
      await expect(queue.cancel(ids[0] as string)).rejects.toMatchObject({ code: "unknown_message" });
    });

    test("while puts are paused they wait, and receives go on", async () => {
      const queue = level.queue();
      await queue.put(messagesOf(1));
      await queue.pause("puts");

      await expect(queue.put(messagesOf(2))).rejects.toMatchObject({ code: "paused" });
      const waiting = queue.put(messagesOf(3), { timeoutSeconds: 20 });
      await level.arrival(queue);
      const received = await queue.receive({ max: 10 });
      await queue.resume("puts");

      expect(bodiesOf(received)).toEqual([1]);
      expect(await waiting).toHaveLength(1);
      expect(bodiesOf(await queue.receive())).toEqual([3]);
    });

    test("while receives are paused nothing is handed out, and puts go on", async () => {
      const queue = level.queue();
      await queue.pause("receives");
      await queue.put(messagesOf(1));

      const empty = await queue.receive();
      const waiting = queue.receive({ timeoutSeconds: 20 });
      await level.arrival(queue);
      await queue.resume("receives");

      expect(empty).toEqual([]);
      expect(bodiesOf(await waiting)).toEqual([1]);
    });

    test("all is paused and resumed at once where nothing else is said", async () => {
      const queue = level.queue();
      await queue.pause();
      const paused = await queue.describe();
      await queue.resume();

      expect(paused.paused).toEqual({ puts: true, receives: true });
      expect((await queue.describe()).paused).toEqual({ puts: false, receives: false });
    });
  });
}
