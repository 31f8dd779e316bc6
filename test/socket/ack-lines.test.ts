/** Results of an ack that come as lines of its frame. */
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import { BATCH_BYTES_MAX, RESULT_BYTES_MAX } from "../../src/contract/limits.ts";
import { commandOf, operationsOf } from "../../src/socket/operations.ts";

afterEach(() => void vi.restoreAllMocks());

const CONTEXT = { queue: "tasks", principal: OWNER, now: 0 };

/** The command of an operation that is followed by these lines. */
function commandWith(lines: readonly string[], request: object, verb = "ack") {
  const [operation] = operationsOf(
    [JSON.stringify({ id: 1, verb, request, lines: lines.length }), ...lines].join("\n"),
  );
  if (operation === undefined) throw new Error("The frame has an operation.");
  return commandOf(operation, CONTEXT);
}

function receiptsOf(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `0.a-1-${index}-1`);
}

test("are stored as the text that came, and are the same as in the request", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1, maxLength: 5 }), fc.boolean(), (results, finish) => {
      const request = { receipts: receiptsOf(results.length), finish };
      const inLines = commandWith(
        results.map((result) => JSON.stringify(result)),
        request,
      );
      const [operation] = operationsOf(JSON.stringify({ id: 1, verb: "ack", request: { ...request, results } }));

      expect(inLines).toEqual(operation && commandOf(operation, CONTEXT));
    }),
  );
});

test("keep white space and numbers of any length", () => {
  const lines = ['{ "n" : 12345678901234567890 }', "[1,  2]"];

  expect(commandWith(lines, { receipts: receiptsOf(2) })).toMatchObject({ results: lines });
});

describe("are refused", () => {
  const large = JSON.stringify("é".repeat(RESULT_BYTES_MAX / 2));

  test.each([
    ["that are no JSON", ["1", "{"], { receipts: receiptsOf(2) }, /^lines\[1\] must be JSON/],
    ["that are empty", [""], { receipts: receiptsOf(1) }, /^lines\[0\] must be JSON/],
    [
      "that are fewer than receipts",
      ["1"],
      { receipts: receiptsOf(2) },
      /^lines must be as many as the 2 receipts, but are 1/,
    ],
    [
      "that are more than receipts",
      ["1", "2"],
      { receipts: receiptsOf(1) },
      /^lines must be as many as the 1 receipts, but are 2/,
    ],
    [
      "beside those of the request",
      ["1"],
      { receipts: receiptsOf(1), results: [1] },
      /^results are in the request or in lines/,
    ],
    [
      "of too many bytes",
      [large],
      { receipts: receiptsOf(1) },
      /^lines\[0\] has 1048578 bytes; at most 1048576 are allowed/,
    ],
  ])("%s", (_, lines, request, refusal) => {
    expect(() => commandWith(lines, request)).toThrow(refusal);
  });

  test("of too many characters together", () => {
    const lines = Array<string>(9).fill(JSON.stringify("a".repeat(1_000_000)));

    expect(() => commandWith(lines, { receipts: receiptsOf(9) })).toThrow(
      `lines have more than ${BATCH_BYTES_MAX} characters together`,
    );
  });

  test("of too many bytes, before any line is parsed", () => {
    const parse = vi.spyOn(JSON, "parse");
    const lines = ["1", "[".repeat(RESULT_BYTES_MAX + 1)];

    expect(() => commandWith(lines, { receipts: receiptsOf(2) })).toThrow(/^lines\[1\] has 1048577 bytes/);
    // The operation alone: to parse a line as large as a frame takes seconds, and more memory than an object has.
    expect(parse).toHaveBeenCalledTimes(1);
  });

  test.each(["retry", "release", "receive", "describe"])("of %s, which takes none", (verb) => {
    const request = verb === "receive" ? { max: 1, wait: true } : {};

    expect(() => commandWith(["1"], request, verb)).toThrow(/^lines are only for puts and acks/);
  });
});
