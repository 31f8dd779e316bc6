/** Dedupe keys that count until their message is done. */
import { beforeEach, describe, expect, test } from "vitest";
import type { NewMessage } from "../../../src/queue/base/commands.ts";
import { TestQueue } from "../../support/core/test-queue.ts";

const DAY_MS = 86_400_000;

let queue: TestQueue;

beforeEach(() => {
  queue = new TestQueue();
  queue.run({ verb: "configure", changes: { dedupeMs: 1_000, retryDelayMs: 0, maxAttempts: 1 } });
});

/** Puts a message, by default under a key that counts until it is done. Answers whether it was stored. */
function isStored(options: Partial<NewMessage> = {}): boolean {
  const message = { content: '"body":1', priority: 100, delayMs: 0, dedupeKey: "key", isDedupedUntilDone: true };
  const { duplicates } = queue.runNow({ verb: "put", messages: [{ ...message, ...options }], timeoutMs: 0 });
  return duplicates === undefined;
}

function receiptOfNext(): string {
  const { deliveries } = queue.runNow({ verb: "receive", max: 1, leaseMs: 10 * DAY_MS, timeoutMs: 0, autoAck: false });
  return deliveries[0]?.lease?.receipt ?? "";
}

function idOfFirst(): string {
  return queue.runNow({ verb: "messages", cursor: "", limit: 1 }).views[0]?.id ?? "";
}

/** Has the message die and sends it to another queue, which answers. */
function transfer(outcome: "accepted" | "refused"): void {
  queue.run({ verb: "reject", receipts: [receiptOfNext()] });
  queue.run({ verb: "redrive", max: 1, to: "elsewhere" });
  for (const { generation, number } of queue.outbound()) {
    queue.run({ verb: "transfer_result", generation, number, outcome });
  }
}

test.each<[string, () => void]>([
  ["waits", () => undefined],
  ["is leased", () => receiptOfNext()],
  ["was released", () => queue.run({ verb: "release", receipts: [receiptOfNext()] })],
  ["is delayed", () => queue.run({ verb: "change", id: idOfFirst(), changes: { delayMs: 9 * DAY_MS } })],
  [
    "was changed",
    () => queue.run({ verb: "change", id: idOfFirst(), changes: { content: '"body":2', headers: null } }),
  ],
])("a key counts for as long as its message %s, also after a restart", (_, happen) => {
  isStored();
  happen();
  queue.now += DAY_MS;
  const before = isStored();
  queue = queue.restarted();
  queue.now += 3 * DAY_MS;

  expect([before, isStored(), isStored({ isDedupedUntilDone: false })]).toEqual([false, false, false]);
});

describe.each([
  ["at once", false],
  ["after a restart", true],
])("a key is free %s", (_, isRestarted) =>
  test.each<[string, () => void]>([
    ["was acked", () => queue.run({ verb: "ack", receipts: [receiptOfNext()], finish: true })],
    ["was received for good", () => queue.run({ verb: "receive", max: 1, timeoutMs: 0, autoAck: true })],
    ["was cancelled", () => queue.run({ verb: "cancel", id: idOfFirst() })],
    ["was purged", () => queue.run({ verb: "purge" })],
    ["died", () => queue.run({ verb: "retry", receipts: [receiptOfNext()] })],
    ["was rejected", () => queue.run({ verb: "reject", receipts: [receiptOfNext()] })],
    ["was transferred", () => transfer("accepted")],
    ["was dead and could not be transferred", () => transfer("refused")],
    [
      "expired",
      () => {
        queue.run({ verb: "configure", changes: { retentionMs: 1_000 } });
        queue.now += 1_000;
      },
    ],
    [
      "died and was redriven",
      () => {
        queue.run({ verb: "reject", receipts: [receiptOfNext()] });
        queue.run({ verb: "redrive", max: 1 });
      },
    ],
  ])("if its message %s", (__, end) => {
    isStored();
    end();
    queue.run();
    if (isRestarted) queue = queue.restarted();

    expect([isStored(), isStored()]).toEqual([true, false]);
  }),
);

test("a key of a time and one that counts until its message is done are one key", () => {
  const stored = [isStored({ isDedupedUntilDone: false }), isStored()];
  queue.now += 1_000;
  stored.push(isStored(), isStored({ isDedupedUntilDone: false }));

  expect(stored).toEqual([true, false, true, false]);
});

test("a key counts while its message is behind those of another priority, and is free when that is done", () => {
  queue.run({ verb: "configure", changes: { order: "priority" } });
  isStored();
  isStored({ dedupeKey: undefined });
  queue.run({ verb: "change", id: idOfFirst(), changes: { priority: 3 } });
  queue = queue.restarted();
  const stored = [isStored({ priority: 3 })];
  queue.run({ verb: "ack", receipts: [receiptOfNext()], finish: true });

  expect([...stored, isStored()]).toEqual([false, true]);
});

test("a put that waits for room is stored when the message of its key is done", () => {
  queue.run({ verb: "configure", changes: { maxSize: 1 } });
  isStored({ dedupeKey: "other" });
  const receipt = receiptOfNext();
  isStored({ dedupeKey: undefined });
  const messages = [{ content: '"body":2', priority: 100, delayMs: 0, dedupeKey: "other", isDedupedUntilDone: true }];
  messages.push({ ...messages[0], dedupeKey: "new" } as (typeof messages)[0]);
  queue.run({ verb: "configure", changes: { maxSize: 2 } });
  queue.run({ verb: "pause", paused: { puts: true } });
  queue.run({ verb: "put", messages, timeoutMs: 60_000 }, 9);
  queue.run({ verb: "ack", receipts: [receipt], finish: true });
  queue.run({ verb: "receive", max: 1, timeoutMs: 0, autoAck: true });
  queue.run({ verb: "pause", paused: { puts: false } });

  expect(queue.received()).toMatchObject([
    { requestId: 9, verb: "put", ids: [expect.any(String), expect.any(String)] },
  ]);
  expect(queue.describe().visible).toBe(2);
});

test("the end of a message writes no row for its key, and the key leaves its row with the last message", () => {
  queue.put(...["a", "b", "c"].map((dedupeKey) => ({ body: 1, dedupeKey, isDedupedUntilDone: true })));
  const keysBefore = queue.rows.keys(1);
  const receipts = [receiptOfNext(), receiptOfNext(), receiptOfNext()];
  const before = queue.rows.rowsWritten;
  for (const receipt of receipts) queue.run({ verb: "ack", receipts: [receipt], finish: true });

  expect(queue.rows.rowsWritten - before).toBe(3);
  expect(keysBefore).toContain("a");
  expect(queue.rows.keys(1)).toBe("");
});

test("a row is kept for its idempotency keys when the last message with a key is done, until these have expired", () => {
  queue.run({ verb: "configure", changes: { idempotencyMs: 300_000 } });
  const messages = [{ content: '"body":1', priority: 100, delayMs: 0, dedupeKey: "key", isDedupedUntilDone: true }];
  const put = { verb: "put", messages, timeoutMs: 0, idempotencyKey: "put" } as const;
  const first = queue.runNow(put);
  queue.run({ verb: "ack", receipts: [receiptOfNext()], finish: true });
  queue = queue.restarted();

  expect(queue.runNow(put)).toEqual(first);
  queue.now += 300_000;
  expect(queue.runNow(put).ids).not.toEqual(first.ids);
});
