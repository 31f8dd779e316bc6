import { expect, test } from "vitest";
import type { Delivery, MessageChanges, View } from "../../../src/queue/base/commands.ts";
import type { OrderName } from "../../../src/queue/base/configuration.ts";
import { TestQueue } from "../../support/core/test-queue.ts";

const SECOND = 1_000;
const MINUTE = 60_000;

function queueIn(order: OrderName, changes: object = {}): TestQueue {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { order, retryDelayJitter: 0, ...changes } });
  return queue;
}

function change(queue: TestQueue, id: string | undefined, changes: MessageChanges): View {
  return queue.runNow({ verb: "change", id: id ?? "", changes }).view;
}

function refusal(queue: TestQueue, id: string | undefined, changes: MessageChanges) {
  return queue.run({ verb: "change", id: id ?? "", changes });
}

function promote(queue: TestQueue, id: string | undefined) {
  return queue.run({ verb: "promote", id: id ?? "" });
}

function deliver(queue: TestQueue, max = 1): Delivery[] {
  return queue.runNow({ verb: "receive", max, leaseMs: MINUTE, timeoutMs: 0, autoAck: false }).deliveries;
}

function receiptOf(deliveries: readonly Delivery[]): string {
  return deliveries[0]?.lease?.receipt ?? "";
}

function ack(queue: TestQueue, receipts: string[]): string[] {
  return queue.runNow({ verb: "ack", receipts, finish: true }).stale;
}

function stateOf(queue: TestQueue, id: string | undefined): string | undefined {
  const result = queue.run({ verb: "peek", id: id ?? "" });
  return result?.verb === "peek" ? result.view.state : undefined;
}

test("a changed message is handed out with its new body, in its old place, also after a restart", () => {
  const queue = queueIn("fifo");
  const [, second] = queue.put({ body: 1 }, { body: 2 }, { body: 3 });

  expect(change(queue, second, { content: '"body":"two"', priority: 7 })).toMatchObject({
    id: second,
    state: "visible",
    payload: expect.stringMatching(/^\{"body":"two","priority":7,"putAt":1700000000\}$/),
  });

  expect(queue.restarted().receive(3)).toEqual([1, "two", 3]);
  expect(queue.receive(3)).toEqual([1, "two", 3]);
});

test("a change that was not committed is gone after a crash", () => {
  const queue = queueIn("fifo");
  const [id = ""] = queue.put({ body: "before" });
  queue.queue.apply(9, { verb: "change", id, changes: { content: '"body":"after"' } }, queue.now);

  expect(queue.restarted().receive(1)).toEqual(["before"]);
});

test("changes of one commit batch with a put into the same segment are stored together", () => {
  const queue = queueIn("fifo");
  const [id = ""] = queue.put({ body: "a" });
  queue.queue.apply(8, { verb: "change", id, changes: { content: '"body":"A"' } }, queue.now);
  queue.put({ body: "b" });

  expect(queue.restarted().receive(2)).toEqual(["A", "b"]);
});

test("a message that is delayed by a change is visible at its new time, and a delayed one at once if it is promoted", () => {
  const queue = queueIn("fifo");
  const [id] = queue.put({ body: 1 });

  expect(change(queue, id, { delayMs: MINUTE })).toMatchObject({ state: "delayed", until: queue.now + MINUTE });
  expect(queue.receive(1)).toEqual([]);
  expect(change(queue, id, { visibleAt: queue.now + 2 * MINUTE })).toMatchObject({ until: queue.now + 2 * MINUTE });
  queue.now += MINUTE;
  expect(queue.receive(1)).toEqual([]);
  expect(promote(queue, id)).toMatchObject({ verb: "promote", view: { id, state: "visible" } });
  expect(queue.receive(1)).toEqual([1]);
});

test("a message that waits for its next attempt can be promoted, and its attempts stay counted", () => {
  const queue = queueIn("fifo", { retryDelayMs: MINUTE });
  const [id] = queue.put({ body: 1 });
  queue.run({ verb: "retry", receipts: [receiptOf(deliver(queue))], error: "no" });
  expect(stateOf(queue, id)).toBe("delayed");

  promote(queue, id);

  expect(deliver(queue)).toMatchObject([{ id, attempt: 2, lastError: "no" }]);
});

test("a promoted message that is visible stays as it is", () => {
  const queue = queueIn("fifo");
  const [id] = queue.put({ body: 1 });
  const { rowsWritten } = queue.rows;

  expect(promote(queue, id)).toMatchObject({ view: { state: "visible" } });
  expect(queue.rows.rowsWritten).toBe(rowsWritten);
});

test("a receiver that waits is given a message that is promoted", () => {
  const queue = queueIn("fifo");
  const [id] = queue.put({ body: 1, delayMs: MINUTE });
  queue.waitForMessages(5);

  promote(queue, id);

  expect(queue.received()).toEqual([{ requestId: 5, bodies: [1] }]);
});

test.each([
  [
    "leased",
    "Wait until its lease is over, or cancel it and put another.",
    (queue: TestQueue) => {
      deliver(queue);
    },
  ],
  [
    "dead",
    "Redrive it first.",
    (queue: TestQueue) => {
      queue.run({ verb: "reject", receipts: [receiptOf(deliver(queue))] });
    },
  ],
  [
    "transferring",
    "Look for it in the queue to which it goes.",
    (queue: TestQueue) => {
      queue.run({ verb: "configure", changes: { deadLetterQueue: "other" } });
      queue.run({ verb: "reject", receipts: [receiptOf(deliver(queue))] });
    },
  ],
])("a message that is %s is neither changed nor promoted", (state, instead, make) => {
  const queue = queueIn("fifo");
  const [id] = queue.put({ body: 1 });
  make(queue);
  const refused = {
    verb: "refused",
    code: "not_waiting",
    detail: `The message is ${state}, and only a message that is visible or delayed can be changed or promoted. ${instead}`,
  };

  expect(stateOf(queue, id)).toBe(state);
  expect(refusal(queue, id, { priority: 1 })).toEqual(refused);
  expect(promote(queue, id)).toEqual(refused);
});

test("a message that is done is unknown to a change and to a promote", () => {
  const queue = queueIn("fifo");
  const [id] = queue.put({ body: 1 });
  ack(queue, [receiptOf(deliver(queue))]);

  expect(refusal(queue, id, { priority: 1 })).toMatchObject({ code: "unknown_message" });
  expect(promote(queue, id)).toMatchObject({ code: "unknown_message" });
});

test("a full storage refuses changes and lets messages be promoted", () => {
  const queue = queueIn("fifo");
  const [id] = queue.put({ body: 1, delayMs: MINUTE });
  queue.queue.isStorageFull = true;

  expect(refusal(queue, id, { content: '"body":2' })).toMatchObject({ code: "storage_full" });
  expect(promote(queue, id)).toMatchObject({ verb: "promote" });
});

test("retention counts from the time to which a message is changed", () => {
  const queue = queueIn("fifo", { retentionMs: MINUTE });
  const [later, promoted] = queue.put({ body: "later" }, { body: "promoted", delayMs: 10 * MINUTE });
  change(queue, later, { delayMs: 5 * MINUTE });
  queue.now += 2 * MINUTE;
  promote(queue, promoted);

  expect(stateOf(queue, promoted)).toBe("visible");
  queue.now += MINUTE;
  queue.run();
  expect(stateOf(queue, promoted)).toBeUndefined();
  queue.now += 2 * MINUTE + SECOND;
  queue.run();
  expect(stateOf(queue, later)).toBe("visible");
  queue.now += MINUTE;
  queue.run();
  expect(stateOf(queue, later)).toBeUndefined();
});

test("a group is held up by a delayed message only if it was delivered before", () => {
  const queue = queueIn("fifo", { maxLeasedPerGroup: 1, retryDelayMs: MINUTE });
  const [first, second] = queue.put({ body: 1, group: "g" }, { body: 2, group: "g" }, { body: 3, group: "g" });
  change(queue, first, { delayMs: MINUTE });
  const deliveries = deliver(queue, 3);
  expect(deliveries).toMatchObject([{ id: second, group: "g" }]);
  queue.run({ verb: "retry", receipts: [receiptOf(deliveries)] });

  expect(queue.receive(3)).toEqual([]);
  promote(queue, second);
  expect(queue.receive(3)).toEqual([2]);
});

test("a lease that a pause took back does not come back once its message was changed", () => {
  const queue = queueIn("fifo");
  const [id] = queue.put({ body: 1 });
  queue.queue.heard(7);
  queue.subscribe(7, 1);
  const receipt = receiptOf(queue.pushed(7));
  queue.run({ verb: "pause", paused: { receives: true } });
  change(queue, id, { content: '"body":2' });

  expect(queue.run({ verb: "begin", receipts: [receipt] })).toEqual({ verb: "begin", stale: [receipt] });
});

test("a body for which the row has no room is refused with how large it may be", () => {
  const queue = queueIn("fifo");
  const [first, second] = queue.put({ body: "a" }, { body: "b" });
  const body = (characters: number) => ({ content: `"body":"${"x".repeat(characters)}"` });
  change(queue, first, body(1_000_000));

  const refused = refusal(queue, second, body(500_000));
  expect(refused).toEqual({
    verb: "refused",
    code: "too_large",
    path: "body",
    detail:
      "The changed message would have 500045 bytes, but the row that it shares with other messages has room for 349953. Send a smaller body, or cancel the message and put another.",
  });
  change(queue, second, body(349_953 - 45));
  expect(refusal(queue, second, body(349_954 - 45))).toMatchObject({ code: "too_large" });
  expect(change(queue, second, { priority: 255 })).toMatchObject({ id: second });
  expect(queue.restarted().receive(2)).toEqual(["x".repeat(1_000_000), "x".repeat(349_953 - 45)]);
});

test("a message that is alone in its row may be changed to the largest body", () => {
  const queue = queueIn("fifo");
  const [id] = queue.put({ body: "a" });

  expect(change(queue, id, { content: `"bytes":"${"A".repeat(1_398_104)}"` })).toMatchObject({ id });
});
