import { describe, expect, test } from "vitest";
import {
  bodiesOf,
  type Driver,
  immediate,
  type Level,
  type NewMessage,
  type Received,
  receiptsOf,
} from "./drivers/driver.ts";

/** Messages named after their group, as in "a1", or after nothing, as in "1". */
function grouped(...names: string[]): NewMessage[] {
  return names.map((body) => {
    const group = body.replace(/\d+$/, "");
    return group === "" ? { body } : { body, group };
  });
}

async function receiveAll(queue: Driver): Promise<unknown[]> {
  return bodiesOf(await queue.receive({ max: 100 }));
}

export function groups(level: Level): void {
  describe("groups", () => {
    test("of a group one message is leased at a time, in the order of their puts", async () => {
      const queue = level.queue();
      await queue.put(grouped("a1", "a2", "a3"));

      const seen: unknown[] = [];
      for (let message = 1; message <= 3; message += 1) {
        const received = await queue.receive({ max: 10 });
        seen.push(...bodiesOf(received), ...(await receiveAll(queue)));
        await queue.ack(receiptsOf(received));
      }

      expect(seen).toEqual(["a1", "a2", "a3"]);
    });

    test("a message says its group, and so does its view", async () => {
      const queue = level.queue();
      await queue.put(grouped("a1", "1"));

      const views = await queue.list();
      const received = await queue.receive({ max: 10 });

      expect(views.map(({ group }) => group)).toEqual(["a", undefined]);
      expect(received.map(({ body, group }) => [body, group])).toEqual(
        expect.arrayContaining([
          ["a1", "a"],
          ["1", undefined],
        ]),
      );
    });

    test("groups take turns, so that a busy one does not hold up the others", async () => {
      const queue = level.queue();
      await queue.configure({ maxLeasedPerGroup: 100 });
      await queue.put(grouped("a1", "a2", "a3", "a4", "b1", "b2", "c1"));

      expect(await receiveAll(queue)).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
    });

    test("messages in no group have no limit, and take turns with the groups", async () => {
      const queue = level.queue();
      await queue.put(grouped("a1", "a2", "b1", "1", "2", "3"));

      expect(await receiveAll(queue)).toEqual(["1", "a1", "b1", "2", "3"]);
    });

    test("the most that may be leased of a group can be set", async () => {
      const queue = level.queue();
      await queue.configure({ maxLeasedPerGroup: 2 });
      await queue.put(grouped("a1", "a2", "a3", "b1"));

      const first = await receiveAll(queue);
      await queue.configure({ maxLeasedPerGroup: 3 });

      expect(first).toEqual(["a1", "b1", "a2"]);
      expect(await receiveAll(queue)).toEqual(["a3"]);
    });

    test("a message that comes back is the next of its group", async () => {
      const queue = level.queue();
      await queue.put(grouped("a1", "a2"));
      await queue.retry(receiptsOf(await queue.receive()), { delaySeconds: 0 });

      expect(await queue.receive({ max: 10 })).toMatchObject([{ body: "a1", attempt: 2 }]);
    });

    test("a group waits for its message that waits for its next attempt", async () => {
      const queue = level.queue();
      await queue.put(grouped("a1", "a2", "b1"));
      const [a1] = (await queue.receive()) as [Received];
      await queue.retry([a1.receipt], { delaySeconds: 1 });

      const meanwhile = await receiveAll(queue);
      await level.pass(1.1);

      expect(meanwhile).toEqual(["b1"]);
      expect(await receiveAll(queue)).toEqual(["a1"]);
    });

    test("a message put for later does not hold up its group before its time", async () => {
      const queue = level.queue();
      await queue.put([{ body: "later", group: "a", delaySeconds: 600 }, ...grouped("a1")]);

      expect(await receiveAll(queue)).toEqual(["a1"]);
    });

    test("a group goes on when the message that held it up is dead, or cancelled", async () => {
      const queue = level.queue();
      await queue.configure({ maxAttempts: 1 });
      await queue.put(grouped("a1", "a2", "a3"));

      await queue.retry(receiptsOf(await queue.receive()));
      const [second] = (await queue.receive({ max: 10 })) as [Received];
      await queue.cancel(second.id);

      expect(second.body).toBe("a2");
      expect(await receiveAll(queue)).toEqual(["a3"]);
    });

    test("a receiver that waits is served when a group may go on", async () => {
      const queue = level.queue();
      await queue.put(grouped("a1", "a2"));
      const [a1] = (await queue.receive()) as [Received];

      const waiting = queue.receive({ timeoutSeconds: 20 });
      await level.arrival(queue);
      await queue.ack([a1.receipt]);

      expect(bodiesOf(await waiting)).toEqual(["a2"]);
    });

    test("a lease that ends lets its group go on, with the same message", async () => {
      const queue = await immediate(level);
      await queue.put(grouped("a1", "a2"));
      await queue.receive({ leaseSeconds: 1 });

      await level.pass(1.1);

      expect(await receiveAll(queue)).toEqual(["a1"]);
    });

    test("in a priority queue the most urgent first messages take turns", async () => {
      const queue = level.queue();
      await queue.configure({ order: "priority", maxLeasedPerGroup: 100 });
      const put = (body: string, priority: number) => ({ ...(grouped(body)[0] as NewMessage), priority });
      await queue.put([put("a1", 9), put("a2", 1), put("b1", 1), put("b2", 9), put("1", 5)]);

      expect(await receiveAll(queue)).toEqual(["a2", "b1", "1", "a1", "b2"]);
    });

    test("a lifo queue hands out the last of each group first", async () => {
      const queue = level.queue();
      await queue.configure({ order: "lifo", maxLeasedPerGroup: 100 });
      await queue.put(grouped("a1", "b1", "a2", "b2"));

      expect(await receiveAll(queue)).toEqual(["a2", "b2", "a1", "b1"]);
    });

    test("a group goes along to the dead-letter queue and back", async () => {
      const [tasks, dead] = [level.queue(), level.queue()];
      await tasks.configure({ maxAttempts: 1, deadLetterQueue: dead.name });
      await tasks.put(grouped("a1"));
      await tasks.retry(receiptsOf(await tasks.receive()));

      const [letter] = (await dead.receive({ timeoutSeconds: 20 })) as [Received];
      await dead.retry([letter.receipt], { delaySeconds: 0 });
      await dead.redrive();

      expect(letter).toMatchObject({ body: "a1", group: "a" });
      expect(await tasks.receive()).toMatchObject([{ body: "a1", group: "a" }]);
    });
  });
}
