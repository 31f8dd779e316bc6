import { expect, test } from "vitest";
import type { NewMessage } from "../../src/queue/base/commands.ts";
import { DEFAULT_MEMORY } from "../../src/queue/messages.ts";
import { Queue } from "../../src/queue/queue.ts";
import { FREE_ROWS_MAX, OLD_ROWS_DELETED_MAX } from "../../src/queue/store/free-rows.ts";
import { MemoryRows } from "../support/memory-rows.ts";
import { ToldQueue } from "../support/told-queue.ts";

/** Each in a segment of its own, because nothing is put after it into a row that large. */
const LARGE = "x".repeat(40_000);

function fill(told: ToldQueue, segments: number, body = LARGE): void {
  for (let segment = 0; segment < segments; segment += 1) told.put({ body });
}

/** Receives and acks one message, each in a commit of its own. */
function finishOne(told: ToldQueue): void {
  const result = told.tell({ verb: "receive", max: 1, timeoutMs: 0, autoAck: false });
  if (result?.verb !== "receive") throw new Error("Nothing was received.");
  const receipts = result.deliveries.map(({ lease }) => lease?.receipt ?? "");
  expect(told.tell({ verb: "ack", receipts, finish: true })).toMatchObject({ acked: 1 });
}

test("a backlog that was purged leaves no more free rows than are kept to be used again", () => {
  const told = new ToldQueue();
  fill(told, 500);
  const before = told.rows.rowsWritten;

  told.tell({ verb: "purge" });

  expect(told.rows.size).toBeLessThanOrEqual(FREE_ROWS_MAX);
  expect(told.rows.rowsWritten - before).toBe(500);
  expect(told.restarted().describe()).toMatchObject({ accepted: 500, purged: 500, unfinished: 0 });
});

test("a backlog that was acked one by one leaves as few free rows, at three rows written for each message", () => {
  const told = new ToldQueue();
  fill(told, 300);

  for (let message = 0; message < 300; message += 1) {
    finishOne(told);
    expect(told.restarted().describe()).toMatchObject({ done: message + 1, unfinished: 299 - message });
  }

  expect(told.rows.size).toBeLessThanOrEqual(FREE_ROWS_MAX);
  expect(told.rows.rowsWritten).toBe(3 * 300);
});

test("free rows are used again: a queue that is never long has one row and adds none", () => {
  const told = new ToldQueue();

  for (let message = 0; message < 100; message += 1) {
    told.put({ body: message });
    finishOne(told);
  }

  expect(told.rows.size).toBe(1);
  expect(told.rows.rowsWritten).toBe(300);
});

test("rows of expired keys are deleted with later commits, a bounded number with each", () => {
  const told = new ToldQueue();
  const rows = FREE_ROWS_MAX + OLD_ROWS_DELETED_MAX + 50;
  for (let row = 0; row < rows; row += 1) {
    const messages: NewMessage[] = [{ content: `"body":"${LARGE}"`, priority: 100, delayMs: 0 }];
    told.tell({ verb: "put", messages, timeoutMs: 0, idempotencyKey: `key-${row}` });
  }
  told.tell({ verb: "purge" });
  expect(told.rows.size).toBe(rows);

  told.now += 86_400_000;
  told.put({ body: "small" });
  expect(told.rows.size).toBe(rows - OLD_ROWS_DELETED_MAX);
  told.put({ body: "small" });

  expect(told.rows.size).toBe(FREE_ROWS_MAX + 1);
  expect(told.restarted().describe()).toMatchObject({ accepted: rows + 2, purged: rows, visible: 2 });
});

test("a queue that was stored with many free rows deletes them, a bounded number with each commit, although it is only read", () => {
  const rows = new MemoryRows();
  let told = new ToldQueue(rows, new Queue("i", rows, { ...DEFAULT_MEMORY, freeRows: Number.POSITIVE_INFINITY }));
  fill(told, 1_000);
  told.tell({ verb: "purge" });
  const sizes = [rows.size];

  for (let waking = 0; waking < 5; waking += 1) {
    told = told.restarted();
    expect(told.describe()).toMatchObject({ accepted: 1_000, purged: 1_000 });
    sizes.push(rows.size);
  }

  expect(sizes).toEqual([1_000, 744, 488, 232, FREE_ROWS_MAX, FREE_ROWS_MAX]);
});

test("a few free rows too many are deleted only together with another change", () => {
  const rows = new MemoryRows();
  const old = new ToldQueue(rows, new Queue("i", rows, { ...DEFAULT_MEMORY, freeRows: FREE_ROWS_MAX + 10 }));
  fill(old, FREE_ROWS_MAX + 10);
  old.tell({ verb: "purge" });

  const told = old.restarted();
  told.describe();
  expect(rows.size).toBe(FREE_ROWS_MAX + 10);
  told.put({ body: "small" });

  // One of them holds the message.
  expect(rows.size).toBe(FREE_ROWS_MAX + 1);
});
