import { expect, test } from "vitest";
import { check } from "../../src/api/check/check.ts";
import { ProblemError } from "../../src/api/check/problem-error.ts";
import { messagesOfLines, newMessageOf, putCommand } from "../../src/api/forms/new-messages.ts";
import { VERBS } from "../../src/api/verbs/index.ts";
import { BODY_BYTES_MAX } from "../../src/contract/limits.ts";

function codeOf(action: () => unknown): string {
  try {
    action();
    return "accepted";
  } catch (error) {
    if (error instanceof ProblemError) return error.code;
    throw error;
  }
}

/** Puts these bytes, given as base64, by both ways, and answers with what each says. */
function putBytes(base64: string): string[] {
  const run = { count: 1, bytes: true, priority: 100, delaySeconds: 0 };
  return [
    codeOf(() => putCommand(messagesOfLines([JSON.stringify(base64)], [run]), 0, undefined, 0)),
    codeOf(() => {
      const { messages } = check(VERBS.put.request, { messages: [{ bytes: base64 }] });
      putCommand(messages.map(newMessageOf), 0, undefined, 0);
    }),
  ];
}

test.each([
  ["as large as may be", Buffer.alloc(BODY_BYTES_MAX).toString("base64"), "accepted"],
  ["one more than may be", Buffer.alloc(BODY_BYTES_MAX + 1).toString("base64"), "too_large"],
  ["6,000,000", Buffer.alloc(6_000_000).toString("base64"), "too_large"],
  ["too many, and no base64", "!".repeat(8_000_000), "too_large"],
  ["too many, and nothing but padding", "=".repeat(8_000_000), "too_large"],
  ["no base64", `${Buffer.alloc(1_000_000).toString("base64")}!!!!`, "invalid"],
])("bytes that are %s are answered the same on the socket and over HTTP", (_, base64, code) => {
  expect(putBytes(base64)).toEqual([code, code]);
});

test("a body that is too large is not parsed before it is refused", () => {
  expect(codeOf(() => messagesOfLines(["{".repeat(BODY_BYTES_MAX + 1)], undefined))).toBe("too_large");
});
