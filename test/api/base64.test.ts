import fc from "fast-check";
import { expect, test } from "vitest";
import { isBase64 } from "../../src/contract/base64.ts";

const PATTERN = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

test("base64 is what the pattern of RFC 4648 takes for it", () => {
  const letters = fc.string({ unit: fc.constantFrom(..."AZaz09+/=-_\n é"), maxLength: 12 });
  const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array).toString("base64"));

  fc.assert(
    fc.property(fc.oneof(letters, bytes), (text) => {
      expect(isBase64(text)).toBe(PATTERN.test(text));
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ["right", "A".repeat(12_000_000), true],
  ["wrong at its end", `${"A".repeat(11_999_999)}!`, false],
  ["nothing but padding", "=".repeat(12_000_000), false],
])("12 million characters that are %s are checked without a stack", (_, text, expected) => {
  expect(isBase64(text)).toBe(expected);
});
