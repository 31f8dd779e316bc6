import { expect, test } from "vitest";
import { headers } from "../../src/api/schema/headers.ts";

function faultOf(value: unknown): string | undefined {
  return headers.safeParse(value).error?.issues[0]?.message;
}

test.each(["1", "20", "999999999"])("a job may have %s inputs", (count) => {
  expect(faultOf({ "dq-task": "square", "dq-chunk": count })).toBeUndefined();
});

test.each([
  { "dq-task": "square", "dq-chunk": "0" },
  { "dq-task": "square", "dq-chunk": "1e3" },
  { "dq-task": "square", "dq-chunk": "1000000000" },
  { "dq-chunk": "1" },
])("a number of inputs that is none, or of no task, is refused: %j", (value) => {
  expect(faultOf(value)).toBe("must have a number of inputs as dq-chunk, from 1 to 999999999, and dq-task with it");
});

test("no other name is reserved for users", () => {
  expect(faultOf({ "dq-other": "1" })).toBe("must have no name that begins with dq-, but for dq-task and dq-chunk");
});
