/** What breaks rules is reported within bounds, however much of it there is. */
import { expect, onTestFinished, test, vi } from "vitest";
import * as z from "zod";
import { check } from "../../src/api/check/check.ts";
import { ProblemError } from "../../src/api/check/problem-error.ts";
import { socketPutRequest } from "../../src/api/schema/socket-operation.ts";
import { VERBS } from "../../src/api/verbs/index.ts";
import type { FieldError } from "../../src/contract/problems.ts";

function problemOf(schema: z.ZodType, value: unknown): { code: string; detail: string; errors: FieldError[] } {
  try {
    check(schema, value);
  } catch (error) {
    if (error instanceof ProblemError) return { code: error.code, detail: error.message, errors: error.errors ?? [] };
    throw error;
  }
  throw new Error("The value was accepted.");
}

function unknownFields(count: number): Record<string, unknown> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`field-${index}`, index]));
}

/** What is said of each unknown field of a configuration: its fields, cut to 200 characters. */
const UNKNOWN = expect.stringMatching(/^is not a field of this request; its fields are order, maxSize, .*…$/);

/** Counts how often the schema itself is asked. */
function counted(schema: z.ZodObject): { schema: z.ZodType; calls: () => number } {
  let calls = 0;
  const safeParse = schema.safeParse.bind(schema);
  schema.safeParse = (value, params) => {
    calls += 1;
    return safeParse(value, params);
  };
  return { schema, calls: () => calls };
}

test("twenty faults are all named", () => {
  const { detail, errors } = problemOf(VERBS.configure.request, unknownFields(20));

  expect(errors).toHaveLength(20);
  expect(detail).toMatch(/^field-0 is not a field of this request; its fields are order, maxSize, .*…\.$/);
});

test.each([21, 100, 101, 100_000])("of %d faults the first 20 are named, and the others are counted", (count) => {
  const { code, detail, errors } = problemOf(VERBS.configure.request, unknownFields(count));

  expect(code).toBe("invalid");
  expect(errors).toEqual(Array.from({ length: 20 }, (_, index) => ({ path: `field-${index}`, message: UNKNOWN })));
  expect(detail).toContain(`and ${count - 20} more`);
});

/** Those of a message that is put. */
const FIELDS =
  "priority, delaySeconds, at, dedupeKey, dedupeUntil, group, headers, maxAttempts, retryDelaySeconds, retentionSeconds, resultSeconds, body, bytes";

test("faults of a thousand messages are counted together", () => {
  const { detail, errors } = problemOf(VERBS.put.request, { messages: Array(1_000).fill({ body: 1, colour: "red" }) });

  expect(errors).toHaveLength(20);
  expect(errors[19]).toEqual({
    path: "messages[19].colour",
    message: `is not a field of this request; its fields are ${FIELDS}`,
  });
  expect(detail).toContain("and 980 more");
});

test("an object with very many unknown fields is refused before its schema looks at it", () => {
  const { schema, calls } = counted(z.strictObject({ known: z.int().optional() }));

  expect(problemOf(schema, { known: "wrong", ...unknownFields(101) }).detail).toContain("and 81 more");
  expect(calls()).toBe(0);
  problemOf(schema, unknownFields(100));
  expect(calls()).toBe(1);
});

test("an object with very many unknown fields in a list is refused too, whatever is beside it", () => {
  const { errors } = problemOf(VERBS.put.request, { messages: [{ body: 1 }, { body: 2, ...unknownFields(500) }] });

  expect(errors[0]).toMatchObject({ path: "messages[1].field-0", message: expect.stringContaining("is not a field") });
});

test("a list that is too long is refused before its elements are looked at", () => {
  const { schema, calls } = counted(z.strictObject({ list: z.array(z.int()).max(3) }));

  expect(problemOf(schema, { list: ["a", "b", "c", "d"] }).errors).toEqual([
    { path: "list", message: "must have at most 3 elements" },
  ]);
  expect(calls()).toBe(0);
});

test("fields of a body are not fields of the request, however many there are", () => {
  const messages = [{ body: unknownFields(5_000) }];

  expect(check(VERBS.put.request, { messages }).messages[0]?.body).toEqual(messages[0]?.body);
});

test("a field's name and a rule are cut to 200 characters", () => {
  const { errors, detail } = problemOf(VERBS.configure.request, { ["x".repeat(100_000)]: 1 });

  expect(errors[0]?.path).toHaveLength(200);
  expect(detail.length).toBeLessThan(500);
});

test("a million faults take no million steps: the request is not copied", () => {
  const request = { messages: Array.from({ length: 1_000 }, () => ({ body: 1, ...unknownFields(1_000) })) };
  const { errors, detail } = problemOf(socketPutRequest, request);

  expect(errors).toHaveLength(20);
  expect(JSON.stringify([errors, detail]).length).toBeLessThan(20_000);
});

const everyKind = z.strictObject({
  max: z.int().min(1).max(1_000).optional(),
  ratio: z.number().min(0).max(1).optional(),
  order: z.enum(["fifo", "lifo", "priority"]).optional(),
  only: z.literal("dead").optional(),
  text: z.string().min(1).max(128).optional(),
  list: z.array(z.string()).min(1).max(3).optional(),
  limit: z.coerce.number().int().min(1).optional(),
  nested: z.strictObject({ needed: z.int(), flag: z.boolean().default(false) }).optional(),
  either: z
    .union([z.string().max(5), z.strictObject({ name: z.string().min(1), stack: z.string().max(5).optional() })])
    .optional(),
});

test.each([
  [{ max: 0 }, "max must be an integer of at least 1."],
  [{ max: 1_001 }, "max must be an integer of at most 1000."],
  [{ max: 1.5 }, "max must be an integer."],
  [{ max: "5" }, "max must be an integer."],
  [{ max: null }, "max must be an integer."],
  [{ ratio: -0.5 }, "ratio must be a number of at least 0."],
  [{ ratio: 1.5 }, "ratio must be a number of at most 1."],
  [{ ratio: true }, "ratio must be a number."],
  [{ ratio: Number.POSITIVE_INFINITY }, "ratio must be a finite number."],
  [{ order: "random" }, "order must be one of fifo, lifo, priority."],
  [{ only: "visible" }, "only must be dead."],
  [{ text: "" }, "text must have at least 1 character."],
  [{ text: "x".repeat(129) }, "text must have at most 128 characters."],
  [{ text: 7 }, "text must be a string."],
  [{ list: [] }, "list must have at least 1 element."],
  [{ list: ["a", "b", "c", "d"] }, "list must have at most 3 elements."],
  [{ list: ["a", 7] }, "list[1] must be a string."],
  [{ list: "a" }, "list must be an array."],
  [{ limit: "many" }, "limit must be an integer."],
  [{ limit: "0" }, "limit must be an integer of at least 1."],
  [{ nested: {} }, "nested.needed is missing; it must be an integer."],
  [{ nested: { needed: 1, flag: 1 } }, "nested.flag must be a boolean."],
  [{ nested: 7 }, "nested must be an object."],
  [7, "The request must be an object."],
  [[], "The request must be an object."],
  [{ odrer: "fifo" }, "odrer is not a field of this request; did you mean order?"],
  [{ MAX: 1 }, "MAX is not a field of this request; did you mean max?"],
  [{ rat: 1 }, "rat is not a field of this request; did you mean ratio?"],
  [
    { colour: "red" },
    "colour is not a field of this request; its fields are max, ratio, order, only, text, list, limit, nested, either.",
  ],
  [{ either: 7 }, "either must be a string or an object."],
  [{ either: null }, "either must be a string or an object."],
  [{ either: "longer" }, "either must have at most 5 characters."],
  [{ either: {} }, "either.name is missing; it must be a string."],
  [{ either: { name: 7 } }, "either.name must be a string."],
  [{ either: { name: "" } }, "either.name must have at least 1 character."],
  [{ either: { name: "a", stack: "longer" } }, "either.stack must have at most 5 characters."],
  [{ either: { name: "a", stac: 1 } }, "either.stac is not a field of this request; did you mean stack?"],
  [{ either: { cause: 1 } }, "either.name is missing; it must be a string."],
  [{ nested: { needed: 1, need: 2 } }, "nested.need is not a field of this request; did you mean needed?"],
])("%j is refused with a sentence: %s", (value, sentence) => {
  expect(problemOf(everyKind, value).detail).toBe(sentence);
});

test("a field of a request without fields is refused with a sentence", () => {
  expect(problemOf(z.strictObject({}), { colour: 1 }).detail).toBe(
    "colour is not a field of this request, which has no fields.",
  );
});

test("a check makes no code from strings, which Workers refuse, and leaves zod's configuration as it is", () => {
  const compile = vi.fn();
  class Compiler extends Function {
    constructor(...code: string[]) {
      super(...code);
      compile();
    }
  }
  vi.stubGlobal("Function", Compiler);
  onTestFinished(() => void vi.unstubAllGlobals());
  const schema = z.strictObject({ body: z.string() });

  expect(check(schema, { body: "a" })).toEqual({ body: "a" });
  expect(compile).not.toHaveBeenCalled();
  schema.parse({ body: "a" });
  expect(compile).toHaveBeenCalled();
  expect(z.config().jitless).toBeUndefined();
});
