import { expect, test } from "vitest";
import { CUT_ERROR_BYTES, ERRORS_BYTES_MAX } from "../../src/queue/store/notes.ts";
import { SEGMENT_MESSAGES_MAX } from "../../src/queue/store/segment.ts";
import { Random } from "../support/random.ts";
import { ToldQueue } from "../support/told-queue.ts";

const encoder = new TextEncoder();
/** The bytes of 256 notes with all their fields but the errors. */
const OTHER_NOTES_BYTES_MAX = 32 * 1024;

function bytesOf(text: string): number {
  return encoder.encode(text).length;
}

/** A queue of one segment, of which each message was leased. */
function leasedSegment(messages: number): { told: ToldQueue; receipts: string[] } {
  const told = new ToldQueue();
  told.put(...Array.from({ length: messages }, (_, body) => ({ body })));
  const result = told.tell({ verb: "receive", max: messages, timeoutMs: 0, autoAck: false });
  if (result?.verb !== "receive") throw new Error("Nothing was received.");
  return { told, receipts: result.deliveries.map(({ lease }) => lease?.receipt ?? "") };
}

function fail(told: ToldQueue, receipt: string | undefined, error: string): void {
  const receipts = [receipt ?? ""];
  const retry = { verb: "retry", receipts, error, isDead: true, isBegun: true } as const;
  expect(told.tell(retry)).toMatchObject({ retried: 1 });
}

function errorsOf(told: ToldQueue): (string | undefined)[] {
  const result = told.tell({ verb: "messages", cursor: "", limit: 1_000 });
  if (result?.verb !== "messages") throw new Error("Nothing was listed.");
  return result.views.map(({ lastError }) => lastError);
}

function notesOf(told: ToldQueue): string {
  return told.rows.state(1).notes ?? "";
}

test.each([
  ["letters", "e"],
  ["control characters", "\u0001"],
  ["characters of two bytes", "ü"],
  ["characters of three bytes", "語"],
  ["characters of two code units", "😀"],
  ["halves of characters", "\ud83d"],
])("256 messages that fail with long errors of %s keep what a change writes small", (_, character) => {
  const { told, receipts } = leasedSegment(SEGMENT_MESSAGES_MAX);
  const error = character.repeat(1_024 / character.length);

  for (const receipt of receipts) {
    fail(told, receipt, error);
    expect(bytesOf(notesOf(told))).toBeLessThanOrEqual(ERRORS_BYTES_MAX + OTHER_NOTES_BYTES_MAX);
  }

  const errors = errorsOf(told);
  expect(errors.at(-1)).toBe(error);
  expect(errors).toHaveLength(SEGMENT_MESSAGES_MAX);
  for (const kept of errors.slice(0, 200)) {
    expect(kept?.endsWith("…")).toBe(true);
    expect(error.startsWith(kept?.slice(0, -1) ?? "none")).toBe(true);
    expect(bytesOf(JSON.stringify(kept))).toBeGreaterThan(CUT_ERROR_BYTES - 8);
    // Whole characters, except halves that were in the error already.
    if (character.length === 2) expect(kept?.isWellFormed()).toBe(true);
  }
  expect(errorsOf(told.restarted())).toEqual(errors);
});

test("the newest errors are kept in full, and those before them by at least their first 64 characters", () => {
  const { told, receipts } = leasedSegment(100);
  const errors = receipts.map((_, message) => `Error ${message}: `.padEnd(1_024, "stack "));

  for (const [message, receipt] of receipts.entries()) fail(told, receipt, errors[message] ?? "");

  const kept = errorsOf(told);
  expect(kept.slice(-20)).toEqual(errors.slice(-20));
  for (const [message, error] of kept.entries()) {
    expect(error?.slice(0, 64)).toBe(errors[message]?.slice(0, 64));
  }
});

test("errors that fit are never cut, however often they are written over", () => {
  const { told, receipts } = leasedSegment(SEGMENT_MESSAGES_MAX);

  for (const receipt of receipts) fail(told, receipt, "The image is larger than 100 megapixels.");

  expect(new Set(errorsOf(told))).toEqual(new Set(["The image is larger than 100 megapixels."]));
});

test("a message that is retried with other errors over and over has the last, and the bound holds", () => {
  const random = new Random(11);
  const told = new ToldQueue();
  told.tell({ verb: "configure", changes: { redelivery: { maxAttempts: 0, retryDelayMs: 0 } } });
  told.put(...Array.from({ length: 60 }, (_, body) => ({ body })));
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const result = told.tell({ verb: "receive", max: 1 + random.integer(60), timeoutMs: 0, autoAck: false });
    if (result?.verb !== "receive") throw new Error("Nothing was received.");
    const receipts = result.deliveries.map(({ lease }) => lease?.receipt ?? "");
    const error = random.pick(["a", "\u0000", "é", "😀"]).repeat(random.integer(512));
    told.tell({ verb: "retry", receipts, error, isDead: false, isBegun: true });
    expect(bytesOf(notesOf(told))).toBeLessThanOrEqual(ERRORS_BYTES_MAX + OTHER_NOTES_BYTES_MAX);
  }
});

test("the other fields of notes are kept in full beside errors", () => {
  const { told, receipts } = leasedSegment(SEGMENT_MESSAGES_MAX);
  for (const receipt of receipts) fail(told, receipt, "\u0001".repeat(1_024));

  told.tell({ verb: "redrive", max: 10_000 });
  const result = told.tell({ verb: "receive", max: 1_000, timeoutMs: 0, autoAck: false });

  if (result?.verb !== "receive") throw new Error("Nothing was received.");
  expect(result.deliveries).toHaveLength(SEGMENT_MESSAGES_MAX);
  for (const { lastError } of result.deliveries) expect(lastError?.charCodeAt(0)).toBe(1);
  expect(notesOf(told)).toContain('"redrivenAt"');
});
