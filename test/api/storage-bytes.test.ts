import { expect, test } from "vitest";
import { STORAGE_BYTES_MAX } from "../../src/contract/limits.ts";
import { parseStorageBytesMax } from "../../src/contract/storage-bytes.ts";

test.each([undefined, null, ""])("%j means the default, which suits the free plan", (text) => {
  expect(parseStorageBytesMax(text)).toBe(STORAGE_BYTES_MAX);
  expect(STORAGE_BYTES_MAX).toBe(900_000_000);
});

test.each([
  ["1", 1],
  ["9000000000", 9_000_000_000],
  ["999999999999999", 999_999_999_999_999],
])("%j is a bound", (text, bytes) => {
  expect(parseStorageBytesMax(text)).toBe(bytes);
});

test.each([
  ...[
    "0",
    "-1",
    "+1",
    "9GB",
    "9e9",
    "1_000",
    "1,000",
    "1.5",
    " 1",
    "1 ",
    "0x10",
    "NaN",
    "Infinity",
    "null",
    "undefined",
  ],
  ...["1000000000000000", "٣"],
])("%j is none, and the sentence names variable, value and rule", (text) => {
  expect(() => parseStorageBytesMax(text)).toThrow(
    `STORAGE_BYTES_MAX is ${JSON.stringify(text)}: it must be a whole number of bytes, at least 1, in digits only.`,
  );
});

test("a very long value is cut in the sentence", () => {
  expect(() => parseStorageBytesMax("x".repeat(100_000))).toThrow(/^.{0,250}$/);
});
