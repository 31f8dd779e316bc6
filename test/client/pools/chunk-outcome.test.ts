/** The results of a chunk as one text: what has room in it, and that it is the JSON of what was added. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RESULT_BYTES_MAX } from "../../../src/contract/limits.ts";
import { ChunkOutcome, isPlain } from "../../../worker-client/src/jobs/chunk-outcome.ts";

const encoder = new TextEncoder();

/** Adds a result as a worker does. False if there is no room for it. */
function add(outcome: ChunkOutcome, value: unknown): boolean {
  return isPlain(value) ? outcome.addPlain(value) : outcome.add(value, JSON.stringify(value));
}

/** Adds results until there is no room, or the chunk is full. */
function filled(next: (index: number) => unknown): ChunkOutcome {
  const outcome = new ChunkOutcome();
  for (let index = 0; !outcome.isFull && index < 400_000; index += 1) if (!add(outcome, next(index))) break;
  return outcome;
}

test("results and errors in any order are the JSON of the reply", () => {
  const text = fc.string({ unit: "binary", maxLength: 50 });
  const plain = fc.oneof(fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, undefined, -0), text);
  const error = text.map((message) => new RangeError(message));
  fc.assert(
    fc.property(fc.array(fc.oneof(plain, fc.jsonValue(), error), { maxLength: 30 }), (values) => {
      const outcome = new ChunkOutcome();
      for (const value of values) {
        if (value instanceof RangeError) outcome.fail(value);
        else expect(add(outcome, value)).toBe(true);
      }

      expect(outcome.count).toBe(values.length);
      expect(JSON.parse(outcome.text)).toEqual(JSON.parse(JSON.stringify(outcome.reply)));
      expect(JSON.parse(outcome.text).results).toEqual(
        values.map((value) => (value instanceof RangeError ? null : JSON.parse(JSON.stringify(value) ?? "null"))),
      );
    }),
  );
});

describe("a chunk is full before its text is longer than a result may be", () => {
  test.each<[string, (index: number) => unknown]>([
    ["small numbers", (index) => index % 10],
    ["the longest numbers", () => -2.2250738585072014e-308],
    ["short texts", () => "ab"],
    ["texts of which each character is escaped", () => "\u001f".repeat(1_000)],
    ["texts of which each character has three bytes", () => "語".repeat(1_000)],
    ["long texts", () => "語".repeat(5_000)],
    ["lists", (index) => [index, "é"]],
    ["all of these", (index) => [index, "語", "\u001f".repeat(40), { index }, true, null][index % 6]],
  ])("%s", (_, next) => {
    const outcome = filled(next);

    const { length } = encoder.encode(outcome.text);
    expect(length).toBeLessThanOrEqual(RESULT_BYTES_MAX);
    // And not long before.
    expect(length).toBeGreaterThan(RESULT_BYTES_MAX * 0.4);
    expect(JSON.parse(outcome.text).results).toHaveLength(outcome.count);
  });
});

test.each<[string, (index: number) => unknown]>([
  ["small numbers", (index) => index % 10],
  ["small numbers after a list", (index) => (index === 0 ? [] : index % 10)],
  ["small numbers between lists", (index) => (index % 100 === 0 ? [] : index % 10)],
])("of many results each is made into JSON about once: %s", (_, next) => {
  let characters = 0;
  const { stringify } = JSON;
  // Not a mock, which would keep every call.
  JSON.stringify = (value: unknown) => {
    const text = stringify(value);
    characters += text?.length ?? 0;
    return text;
  };
  let outcome: ChunkOutcome;
  try {
    outcome = filled(next);
  } finally {
    JSON.stringify = stringify;
  }

  expect(outcome.count).toBeGreaterThan(100_000);
  expect(characters).toBeLessThan(outcome.text.length * 1.5);
});
