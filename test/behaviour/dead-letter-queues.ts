import { describe, expect, test } from "vitest";
import { bodiesOf, type Driver, type Level, messagesOf, receiptsOf } from "./drivers/driver.ts";

/** Lets everything that is visible fail for good, in a queue with one attempt. */
async function failAll(queue: Driver, error = "it broke"): Promise<void> {
  await queue.retry(receiptsOf(await queue.receive({ max: 100 })), { error });
}

/** A queue in which a message dies of its first attempt, and the one to which it goes then. */
async function pair(level: Level): Promise<[tasks: Driver, dead: Driver]> {
  const [tasks, dead] = [level.queue(), level.queue()];
  await tasks.configure({ maxAttempts: 1, deadLetterQueue: dead.name });
  return [tasks, dead];
}

/** What a queue holds once so many messages have arrived. */
async function holding(queue: Driver, visible: number): Promise<void> {
  await expect.poll(async () => (await queue.describe().catch(() => undefined))?.visible, POLL).toBe(visible);
}

const POLL = { interval: 20 };

export function deadLetterQueues(level: Level): void {
  describe("dead-letter queues", () => {
    test("a dead message goes to the dead-letter queue, with the queue, the time and the reason of its death", async () => {
      const [tasks, dead] = await pair(level);
      const [id] = await tasks.put([{ body: "poison", priority: 7 }]);

      await failAll(tasks, "the disk was full");

      const [letter] = await dead.receive({ timeoutSeconds: 20 });
      expect(letter).toMatchObject({ body: "poison", priority: 7, attempt: 1 });
      expect(letter?.deadLetter).toEqual({
        ...{ queue: tasks.name, id, reason: "max_attempts", attempts: 1, lastError: "the disk was full" },
        ...{ firstPutAt: expect.any(Number), diedAt: expect.any(Number) },
      });
      await expect
        .poll(() => tasks.describe(), POLL)
        .toMatchObject({ dead: 0, transferring: 0, transferred: 1, unfinished: 0 });
      expect(await dead.describe()).toMatchObject({ leased: 1, accepted: 1, unfinished: 1 });
    });

    test("a message that is given up goes there at once", async () => {
      const [tasks, dead] = await pair(level);
      await tasks.configure({ maxAttempts: 5 });
      await tasks.put(messagesOf("poison"));

      await tasks.reject(receiptsOf(await tasks.receive()), "no such customer");

      expect(await dead.receive({ timeoutSeconds: 20 })).toMatchObject([
        { body: "poison", deadLetter: { reason: "rejected", attempts: 1, lastError: "no such customer" } },
      ]);
    });

    test("an expired message goes there too", async () => {
      const [tasks, dead] = await pair(level);
      await tasks.configure({ retentionSeconds: 1, deadLetterExpired: true });
      await tasks.put(messagesOf("old"));

      await level.pass(1.1);
      await tasks.describe();

      expect(await dead.receive({ timeoutSeconds: 20 })).toMatchObject([
        { body: "old", deadLetter: { reason: "expired", attempts: 0 } },
      ]);
    });

    test("what was dead before goes there when the dead-letter queue is named", async () => {
      const [tasks, dead] = [level.queue(), level.queue()];
      await tasks.configure({ maxAttempts: 1 });
      await tasks.put(messagesOf(1, 2, 3));
      await failAll(tasks);

      await tasks.configure({ deadLetterQueue: dead.name });

      await holding(dead, 3);
      expect(bodiesOf(await dead.receive({ max: 10 }))).toEqual([1, 2, 3]);
    });

    test("without a dead-letter queue dead messages are kept in their places", async () => {
      const [tasks, dead] = await pair(level);
      expect(await tasks.configure({ deadLetterQueue: null })).toMatchObject({ deadLetterQueue: null });
      await tasks.put(messagesOf("poison"));

      await failAll(tasks);

      expect(await tasks.describe()).toMatchObject({ dead: 1, transferring: 0, transferred: 0 });
      await expect(dead.describe()).rejects.toMatchObject({ code: "unknown_queue" });
    });

    test("a redrive of a dead-letter queue sends its messages back to the queues in which they died", async () => {
      const [tasks, dead] = await pair(level);
      await tasks.put(messagesOf("a", "b"));
      await failAll(tasks);
      await holding(dead, 2);

      expect(await dead.redrive()).toBe(2);

      const again = await tasks.receive({ max: 10 });
      expect(again).toMatchObject([
        { body: "a", attempt: 1 },
        { body: "b", attempt: 1 },
      ]);
      expect(again[0]).not.toHaveProperty("deadLetter.queue");
      expect(await dead.describe()).toMatchObject({ visible: 0, transferred: 2, unfinished: 0 });
      expect(await tasks.describe()).toMatchObject({ accepted: 4, transferred: 2, unfinished: 2 });
    });

    test("a redrive leaves alone what is leased, and what was put into the dead-letter queue itself", async () => {
      const [tasks, dead] = await pair(level);
      await tasks.put(messagesOf("held", "back"));
      await failAll(tasks);
      await holding(dead, 2);
      await dead.put(messagesOf("its own"));
      await dead.receive();

      expect(await dead.redrive()).toBe(1);

      expect(bodiesOf(await tasks.receive({ max: 10 }))).toEqual(["back"]);
      expect(await dead.describe()).toMatchObject({ leased: 1, visible: 1 });
    });

    test("a redrive can be of the messages that died in one queue", async () => {
      const [first, dead] = await pair(level);
      const second = level.queue();
      await second.configure({ maxAttempts: 1, deadLetterQueue: dead.name });
      await first.put(messagesOf("first"));
      await second.put(messagesOf("second"));
      await failAll(first);
      await holding(dead, 1);
      await failAll(second);
      await holding(dead, 2);

      expect(await dead.redrive({ from: second.name })).toBe(1);

      expect(bodiesOf(await second.receive({ max: 10 }))).toEqual(["second"]);
      expect(bodiesOf(await dead.receive({ max: 10 }))).toEqual(["first"]);
    });

    test("a redrive can send dead messages to another queue: one, some or all", async () => {
      const [tasks, other] = [level.queue(), level.queue()];
      await tasks.configure({ maxAttempts: 1 });
      const ids = await tasks.put(messagesOf("a", "b", "c", "d"));
      await failAll(tasks);

      const one = await tasks.redrive({ ids: [ids[2] as string], to: other.name });
      const some = await tasks.redrive({ max: 2, to: other.name });
      const rest = await tasks.redrive({ to: other.name });

      expect([one, some, rest]).toEqual([1, 2, 1]);
      expect(bodiesOf(await other.receive({ max: 10 }))).toEqual(["c", "a", "b", "d"]);
      expect(await tasks.describe()).toMatchObject({ dead: 0, transferring: 0, transferred: 4 });
    });

    test("a queue that refuses dead letters gets none, and they are kept where they died", async () => {
      const [tasks, dead] = await pair(level);
      await dead.shutdown();
      await tasks.put(messagesOf("poison"));

      await failAll(tasks);

      await expect.poll(() => tasks.describe(), POLL).toMatchObject({ dead: 1, transferring: 0, transferred: 0 });
      expect(bodiesOf(await tasks.list("dead"))).toEqual(["poison"]);
    });

    test("a redrive to a queue that refuses it is refused, and the dead stay as they are", async () => {
      const [tasks, other] = [level.queue(), level.queue()];
      await tasks.configure({ maxAttempts: 1 });
      await other.shutdown();
      await tasks.put(messagesOf("poison"));
      await failAll(tasks);

      await expect(tasks.redrive({ to: other.name })).rejects.toMatchObject({ code: "shut_down" });

      expect(await tasks.describe()).toMatchObject({ dead: 1, transferring: 0, transferred: 0 });
      expect(await tasks.redrive()).toBe(1);
    });

    test("neither a bound nor a pause holds dead letters up", async () => {
      const [tasks, dead] = await pair(level);
      await dead.configure({ maxSize: 1 });
      await dead.pause("puts");
      await tasks.put(messagesOf(1, 2, 3));

      await failAll(tasks);

      await holding(dead, 3);
    });
  });
}
