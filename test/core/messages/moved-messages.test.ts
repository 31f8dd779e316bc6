import { expect, test } from "vitest";
import type { Delivery, PutCommand } from "../../../src/queue/base/commands.ts";
import { MOVED_MESSAGES_MAX } from "../../../src/queue/schedule/moved-messages.ts";
import { TestQueue } from "../../support/core/test-queue.ts";

const MINUTE = 60_000;

function priorityQueue(changes: object = {}): TestQueue {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { order: "priority", retryDelayMs: 0, retryDelayJitter: 0, ...changes } });
  return queue;
}

const PUT_WITH_DEDUPE_KEY: PutCommand = {
  verb: "put",
  messages: [{ content: '"body":"a"', priority: 100, delayMs: 0, dedupeKey: "d" }],
  timeoutMs: 0,
};

function move(queue: TestQueue, id: string | undefined, priority: number) {
  return queue.runNow({ verb: "change", id: id ?? "", changes: { priority } }).view;
}

function deliver(queue: TestQueue, max = 1): Delivery[] {
  return queue.runNow({ verb: "receive", max, leaseMs: MINUTE, timeoutMs: 0, autoAck: false }).deliveries;
}

function receiptsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ lease }) => lease?.receipt ?? "");
}

function idsOf(queue: TestQueue): string[] {
  return queue.runNow({ verb: "messages", cursor: "", limit: 100 }).views.map(({ id }) => id);
}

test("a message with a new priority comes after those that had that priority before, under its old id", () => {
  const queue = priorityQueue();
  const [first] = queue.put({ body: "a" }, { body: "b" }, { body: "urgent", priority: 1 });

  expect(move(queue, first, 1)).toMatchObject({ id: first, payload: expect.stringContaining('"priority":1,') });
  queue.put({ body: "later", priority: 1 });

  const again = queue.restarted();
  expect(again.receive(4)).toEqual(["urgent", "a", "later", "b"]);
  expect(idsOf(again)).toContain(first);
});

test("the id and the receipts of a moved message fit, and no other text names it", () => {
  const queue = priorityQueue();
  const [id] = queue.put({ body: "a" });
  queue.put({ body: "b", priority: 1 });
  move(queue, id, 1);
  const again = queue.restarted();

  expect(again.run({ verb: "peek", id: id ?? "" })).toMatchObject({ view: { id, state: "visible" } });
  // Its place now is the second one of the second segment.
  expect(again.run({ verb: "peek", id: "0.i-2-1" })).toMatchObject({ code: "unknown_message" });
  const deliveries = deliver(again, 2);
  expect(deliveries[1]).toMatchObject({ id, lease: { receipt: `${id}-1` } });
  expect(again.runNow({ verb: "ack", receipts: receiptsOf(deliveries), finish: true }).stale).toEqual([]);
  expect(again.describe()).toMatchObject({ accepted: 2, done: 2, visible: 0, unfinished: 0 });
});

test("deliveries, attempts and the last error go along, and earlier receipts stay stale", () => {
  const queue = priorityQueue();
  const [id] = queue.put({ body: "a" });
  const receipts = receiptsOf(deliver(queue));
  queue.run({ verb: "retry", receipts, error: "no" });
  move(queue, id, 5);

  expect(queue.run({ verb: "ack", receipts, finish: true })).toMatchObject({ acked: 0, stale: receipts });
  expect(deliver(queue)).toMatchObject([{ id, attempt: 2, lastError: "no", lease: { receipt: `${id}-2` } }]);
});

test("a message that is moved several times keeps its id, also back to its first priority", () => {
  const queue = priorityQueue();
  const [id] = queue.put({ body: "a" }, { body: "b" });
  for (const priority of [1, 2, 100]) move(queue, id, priority);

  const again = queue.restarted();
  expect(deliver(again, 2).map((delivery) => delivery.id)).toEqual(["0.i-1-1", id]);
});

test("the row of a moved message's put stays until the message has left, and is free then", () => {
  const queue = priorityQueue();
  const [id] = queue.put({ body: "a" });
  move(queue, id, 1);
  const { rowsWritten } = queue.rows;

  const receipts = receiptsOf(deliver(queue));
  queue.run({ verb: "ack", receipts, finish: true });

  expect(queue.rows.rowsWritten - rowsWritten).toBe(3);
  expect(queue.restarted().describe()).toMatchObject({ accepted: 1, done: 1, oldestMs: 0 });
  expect(idsOf(queue.restarted())).toEqual([]);
});

test("the idempotency key of its put answers with its id, and its dedupe key is free when it is cancelled", () => {
  const queue = priorityQueue();
  const { ids } = queue.runNow({ ...PUT_WITH_DEDUPE_KEY, idempotencyKey: "k" });
  move(queue, ids[0], 1);
  const again = queue.restarted();

  expect(again.runNow({ ...PUT_WITH_DEDUPE_KEY, idempotencyKey: "k" }).ids).toEqual(ids);
  expect(again.runNow(PUT_WITH_DEDUPE_KEY)).toMatchObject({ ids, duplicates: [0] });
  again.run({ verb: "cancel", id: ids[0] ?? "" });
  expect(again.restarted().runNow(PUT_WITH_DEDUPE_KEY).duplicates).toBeUndefined();
});

test("the dedupe key of a moved message that is cancelled is free although others are left where it was put", () => {
  const queue = priorityQueue();
  const [message] = PUT_WITH_DEDUPE_KEY.messages;
  const others = [message, { ...message, dedupeKey: "e" }] as PutCommand["messages"];
  const [id = ""] = queue.runNow({ ...PUT_WITH_DEDUPE_KEY, messages: others }).ids;
  move(queue, id, 1);
  queue.run({ verb: "cancel", id });

  expect(queue.restarted().runNow({ ...PUT_WITH_DEDUPE_KEY, messages: others })).toMatchObject({ duplicates: [1] });
});

test("a purge frees the dedupe keys of moved messages too", () => {
  const queue = priorityQueue();
  move(queue, queue.runNow(PUT_WITH_DEDUPE_KEY).ids[0], 1);

  expect(queue.runNow({ verb: "purge" }).purged).toBe(1);
  expect(queue.restarted().runNow(PUT_WITH_DEDUPE_KEY).duplicates).toBeUndefined();
});

test("a moved message keeps its group, at the end of the messages of its new priority", () => {
  const queue = priorityQueue({ maxLeasedPerGroup: 1 });
  const [id] = queue.put({ body: "a", group: "g" }, { body: "b", group: "g" }, { body: "c", priority: 9, group: "g" });
  move(queue, id, 9);
  const again = queue.restarted();

  const bodies = [];
  for (let turn = 0; turn < 4; turn += 1) {
    const deliveries = deliver(again, 3);
    bodies.push(deliveries.map(({ payload, group }) => [JSON.parse(payload).body, group]));
    again.run({ verb: "ack", receipts: receiptsOf(deliveries), finish: true });
  }
  expect(bodies).toEqual([[["c", "g"]], [["a", "g"]], [["b", "g"]], []]);
});

test("retention and the age of the oldest message count from the put, not from the move", () => {
  const queue = priorityQueue({ retentionMs: 10 * MINUTE });
  const [id] = queue.put({ body: "a" });
  queue.now += 9 * MINUTE;
  queue.put({ body: "b", priority: 1 });
  move(queue, id, 1);
  const again = queue.restarted();

  expect(again.describe().oldestMs).toBe(9 * MINUTE);
  again.now += MINUTE;
  expect(again.receive(2)).toEqual(["b"]);
});

test("a moved message that dies is transferred under its id", () => {
  const queue = priorityQueue({ deadLetterQueue: "other" });
  const [id] = queue.put({ body: "a" });
  move(queue, id, 1);
  queue.run({ verb: "reject", receipts: receiptsOf(deliver(queue)) });

  expect(queue.outbound()).toMatchObject([{ messages: [{ priority: 1, deadLetter: { id } }] }]);
});

test("so many messages may be moved at a time, and one more when one of them has left", () => {
  const queue = priorityQueue();
  const ids: string[] = [];
  while (ids.length <= MOVED_MESSAGES_MAX)
    ids.push(...queue.put(...Array.from({ length: 1_000 }, () => ({ body: 1 }))));
  queue.queue.advance(queue.now);
  for (const id of ids.slice(0, MOVED_MESSAGES_MAX)) {
    queue.queue.apply(1, { verb: "change", id, changes: { priority: 1 } }, queue.now);
  }
  const last = { verb: "change", id: ids.at(-1) ?? "", changes: { priority: 1 } } as const;

  expect(queue.run(last, 2)).toMatchObject({
    code: "overloaded",
    detail: `${MOVED_MESSAGES_MAX} messages have another priority than they were put with, and no more may. This was not applied: try again in a moment.`,
  });
  queue.run({ verb: "cancel", id: ids[0] ?? "" });
  expect(queue.restarted().run(last)).toMatchObject({ verb: "change" });
});
