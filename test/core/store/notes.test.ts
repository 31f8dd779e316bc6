import { expect, test } from "vitest";
import { CUT_ERROR_BYTES, ERRORS_BYTES_MAX } from "../../../src/queue/store/notes.ts";
import { SEGMENT_MESSAGES_MAX } from "../../../src/queue/store/segment-summary.ts";
import { TestQueue } from "../../support/core/test-queue.ts";
import { Random } from "../../support/random.ts";

const encoder = new TextEncoder();
/** The bytes of 256 notes with all their fields but the errors. */
const OTHER_NOTES_BYTES_MAX = 32 * 1024;

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** A queue of one segment, of which each message was leased. */
function leasedSegment(messages: number): { queue: TestQueue; receipts: string[] } {
  const queue = new TestQueue();
  queue.put(...Array.from({ length: messages }, (_, body) => ({ body })));
  const result = queue.run({ verb: "receive", max: messages, timeoutMs: 0, autoAck: false });
  if (result?.verb !== "receive") throw new Error("Nothing was received.");
  return { queue, receipts: result.deliveries.map(({ lease }) => lease?.receipt ?? "") };
}

function fail(queue: TestQueue, receipt: string | undefined, error: string): void {
  const receipts = [receipt ?? ""];
  const retry = { verb: "reject", receipts, error } as const;
  expect(queue.run(retry)).toMatchObject({ rejected: 1 });
}

function errorsOf(queue: TestQueue): (string | undefined)[] {
  const result = queue.run({ verb: "messages", cursor: "", limit: 1_000 });
  if (result?.verb !== "messages") throw new Error("Nothing was listed.");
  return result.views.map(({ lastError }) => lastError);
}

function notesOf(queue: TestQueue): string {
  return queue.rows.state(1).notes ?? "";
}

test.each([
  ["letters", "e"],
  ["control characters", "\u0001"],
  ["characters of two bytes", "ü"],
  ["characters of three bytes", "語"],
  ["characters of two code units", "😀"],
  ["halves of characters", "\ud83d"],
])("256 messages that fail with long errors of %s keep what a change writes small", (_, character) => {
  const { queue, receipts } = leasedSegment(SEGMENT_MESSAGES_MAX);
  const error = character.repeat(1_024 / character.length);

  for (const receipt of receipts) {
    fail(queue, receipt, error);
    expect(bytesOf(notesOf(queue))).toBeLessThanOrEqual(ERRORS_BYTES_MAX + OTHER_NOTES_BYTES_MAX);
  }

  const errors = errorsOf(queue);
  expect(errors.at(-1)).toBe(error);
  expect(errors).toHaveLength(SEGMENT_MESSAGES_MAX);
  for (const kept of errors.slice(0, 200)) {
    expect(kept?.endsWith("…")).toBe(true);
    expect(error.startsWith(kept?.slice(0, -1) ?? "none")).toBe(true);
    expect(bytesOf(JSON.stringify(kept))).toBeGreaterThan(CUT_ERROR_BYTES - 8);
    // Whole characters, except halves that were in the error already.
    if (character.length === 2) expect(kept?.isWellFormed()).toBe(true);
  }
  expect(errorsOf(queue.restarted())).toEqual(errors);
});

test("the newest errors are kept in full, and those before them by at least their first 64 characters", () => {
  const { queue, receipts } = leasedSegment(100);
  const errors = receipts.map((_, message) => `Error ${message}: `.padEnd(1_024, "stack "));

  for (const [message, receipt] of receipts.entries()) fail(queue, receipt, errors[message] ?? "");

  const kept = errorsOf(queue);
  expect(kept.slice(-20)).toEqual(errors.slice(-20));
  for (const [message, error] of kept.entries()) {
    expect(error?.slice(0, 64)).toBe(errors[message]?.slice(0, 64));
  }
});

test("errors that fit are never cut, however often they are written over", () => {
  const { queue, receipts } = leasedSegment(SEGMENT_MESSAGES_MAX);

  for (const receipt of receipts) fail(queue, receipt, "The image is larger than 100 megapixels.");

  expect(new Set(errorsOf(queue))).toEqual(new Set(["The image is larger than 100 megapixels."]));
});

test("a message that is retried with other errors over and over has the last, and the bound holds", () => {
  const random = new Random(11);
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { maxAttempts: 0, retryDelayMs: 0 } });
  queue.put(...Array.from({ length: 60 }, (_, body) => ({ body })));
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const result = queue.run({ verb: "receive", max: 1 + random.integer(60), timeoutMs: 0, autoAck: false });
    if (result?.verb !== "receive") throw new Error("Nothing was received.");
    const receipts = result.deliveries.map(({ lease }) => lease?.receipt ?? "");
    const error = random.pick(["a", "\u0000", "é", "😀"]).repeat(random.integer(512));
    queue.run({ verb: "retry", receipts, error });
    expect(bytesOf(notesOf(queue))).toBeLessThanOrEqual(ERRORS_BYTES_MAX + OTHER_NOTES_BYTES_MAX);
  }
});

test("the other fields of notes are kept in full beside errors", () => {
  const { queue, receipts } = leasedSegment(SEGMENT_MESSAGES_MAX);
  for (const receipt of receipts) fail(queue, receipt, "\u0001".repeat(1_024));

  queue.run({ verb: "redrive", max: 10_000 });
  const result = queue.run({ verb: "receive", max: 1_000, timeoutMs: 0, autoAck: false });

  if (result?.verb !== "receive") throw new Error("Nothing was received.");
  expect(result.deliveries).toHaveLength(SEGMENT_MESSAGES_MAX);
  for (const { lastError } of result.deliveries) expect(lastError?.charCodeAt(0)).toBe(1);
  expect(notesOf(queue)).toContain('"redrivenAt"');
});
