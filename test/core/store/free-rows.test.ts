import { expect, test } from "vitest";
import type { NewMessage } from "../../../src/queue/base/commands.ts";
import { DEFAULT_MEMORY } from "../../../src/queue/parts.ts";
import { Queue } from "../../../src/queue/queue.ts";
import { FREE_ROWS_MAX, OLD_ROWS_DELETED_MAX } from "../../../src/queue/store/free-rows.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";
import { TestQueue } from "../../support/core/test-queue.ts";

/** Each in a segment of its own, because nothing is put after it into a row that large. */
const LARGE = "x".repeat(40_000);

function fill(queue: TestQueue, segments: number, body = LARGE): void {
  for (let segment = 0; segment < segments; segment += 1) queue.put({ body });
}

/** Receives and acks one message, each in a commit of its own. */
function finishOne(queue: TestQueue): void {
  const result = queue.run({ verb: "receive", max: 1, timeoutMs: 0, autoAck: false });
  if (result?.verb !== "receive") throw new Error("Nothing was received.");
  const receipts = result.deliveries.map(({ lease }) => lease?.receipt ?? "");
  expect(queue.run({ verb: "ack", receipts, finish: true })).toMatchObject({ acked: 1 });
}

test("a backlog that was purged leaves no more free rows than are kept to be used again", () => {
  const queue = new TestQueue();
  fill(queue, 500);
  const before = queue.rows.rowsWritten;

  queue.run({ verb: "purge" });

  expect(queue.rows.size).toBeLessThanOrEqual(FREE_ROWS_MAX);
  expect(queue.rows.rowsWritten - before).toBe(500);
  expect(queue.restarted().describe()).toMatchObject({ accepted: 500, purged: 500, unfinished: 0 });
});

test("a backlog that was acked one by one leaves as few free rows, at three rows written for each message", () => {
  const queue = new TestQueue();
  fill(queue, 300);

  for (let message = 0; message < 300; message += 1) {
    finishOne(queue);
    expect(queue.restarted().describe()).toMatchObject({ done: message + 1, unfinished: 299 - message });
  }

  expect(queue.rows.size).toBeLessThanOrEqual(FREE_ROWS_MAX);
  expect(queue.rows.rowsWritten).toBe(3 * 300);
});

test("free rows are used again: a queue that is never long has one row and adds none", () => {
  const queue = new TestQueue();

  for (let message = 0; message < 100; message += 1) {
    queue.put({ body: message });
    finishOne(queue);
  }

  expect(queue.rows.size).toBe(1);
  expect(queue.rows.rowsWritten).toBe(300);
});

test("rows of expired keys are deleted with later commits, a bounded number with each", () => {
  const queue = new TestQueue();
  const rows = FREE_ROWS_MAX + OLD_ROWS_DELETED_MAX + 50;
  for (let row = 0; row < rows; row += 1) {
    const messages: NewMessage[] = [{ content: `"body":"${LARGE}"`, priority: 100, delayMs: 0 }];
    queue.run({ verb: "put", messages, timeoutMs: 0, idempotencyKey: `key-${row}` });
  }
  queue.run({ verb: "purge" });
  expect(queue.rows.size).toBe(rows);

  queue.now += 86_400_000;
  queue.put({ body: "small" });
  expect(queue.rows.size).toBe(rows - OLD_ROWS_DELETED_MAX);
  queue.put({ body: "small" });

  expect(queue.rows.size).toBe(FREE_ROWS_MAX + 1);
  expect(queue.restarted().describe()).toMatchObject({ accepted: rows + 2, purged: rows, visible: 2 });
});

test("a queue that was stored with many free rows deletes them, a bounded number with each commit, although it is only read", () => {
  const rows = new MemoryRows();
  let queue = new TestQueue(rows, new Queue("i", rows, { ...DEFAULT_MEMORY, freeRows: Number.POSITIVE_INFINITY }));
  fill(queue, 1_000);
  queue.run({ verb: "purge" });
  const sizes = [rows.size];

  for (let waking = 0; waking < 5; waking += 1) {
    queue = queue.restarted();
    expect(queue.describe()).toMatchObject({ accepted: 1_000, purged: 1_000 });
    sizes.push(rows.size);
  }

  expect(sizes).toEqual([1_000, 744, 488, 232, FREE_ROWS_MAX, FREE_ROWS_MAX]);
});

test("a few free rows too many are deleted only together with another change", () => {
  const rows = new MemoryRows();
  const old = new TestQueue(rows, new Queue("i", rows, { ...DEFAULT_MEMORY, freeRows: FREE_ROWS_MAX + 10 }));
  fill(old, FREE_ROWS_MAX + 10);
  old.run({ verb: "purge" });

  const queue = old.restarted();
  queue.describe();
  expect(rows.size).toBe(FREE_ROWS_MAX + 10);
  queue.put({ body: "small" });

  // One of them holds the message.
  expect(rows.size).toBe(FREE_ROWS_MAX + 1);
});
