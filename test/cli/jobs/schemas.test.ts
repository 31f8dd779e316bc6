/** What the command line checks of an input, and how it shows its form. */
import { expect, test } from "vitest";
import { similarName } from "../../../worker-client/cli/base/similar.ts";
import { schemaFaults } from "../../../worker-client/cli/bulk/tasks/schema-faults.ts";
import { schemaText } from "../../../worker-client/cli/views/schema-text.ts";

const POINT = { type: "object", properties: { x: { type: "number" }, y: { type: "number" } }, required: ["x"] };

test.each<[schema: unknown, value: unknown, faults: string[]]>([
  [{}, 1, []],
  [true, 1, []],
  [false, 1, ["it must be left out"]],
  [{ type: "string" }, 1, ["it must be a text"]],
  [{ type: ["string", "null"] }, null, []],
  [{ type: ["string", "null"] }, 1, ["it must be a text or null"]],
  [{ type: "integer" }, 1.5, ["it must be a whole number"]],
  [{ type: "number" }, 1.5, []],
  [{ type: "object" }, [], ["it must be an object"]],
  [{ type: "array", items: { type: "number" } }, [1, "a"], ["[1] must be a number"]],
  [{ type: "array", minItems: 2 }, [1], ["it must have at least 2 items"]],
  [{ enum: ["a", "b"] }, "c", ['it must be "a" or "b"']],
  [{ const: 1 }, 2, ["it must be 1"]],
  [{ type: "number", minimum: 0, maximum: 9 }, 10, ["it must be at most 9"]],
  [{ type: "string", minLength: 1 }, "", ["it must have at least 1 characters"]],
  [{ type: "string", maxLength: 1 }, "\u{1f600}", []],
  [POINT, { y: "1" }, ["x is missing", "y must be a number"]],
  [{ type: "object", properties: { at: POINT } }, { at: {} }, ["at.x is missing"]],
  [{ ...POINT, additionalProperties: false }, { x: 1, z: 1 }, ["z is unknown"]],
  [POINT, { x: 1, z: 1 }, []],
  [POINT, JSON.parse('{"x":1,"__proto__":1}'), []],
  // What is said in other words is left to the worker.
  [{ anyOf: [{ type: "string" }] }, 1, []],
  [{ $ref: "#/$defs/a" }, 1, []],
  [{ type: "of the future" }, 1, []],
  [{ type: "array", prefixItems: [{ type: "string" }], items: false }, [1], []],
  [null, 1, []],
])("the faults of a value that a schema has: %j, %j", (schema, value, faults) => {
  expect(schemaFaults(schema, value)).toEqual(faults);
});

test("a schema that contains itself, and one that is deep, are checked to some depth", () => {
  const schema: Record<string, unknown> = { type: "array" };
  schema.items = schema;
  let value: unknown = 1;
  for (let depth = 0; depth < 100; depth += 1) value = [value];

  expect(schemaFaults(schema, value)).toEqual([]);
  expect(schemaText(schema)).toBe("[[[[[…]]]]]");
});

test.each([
  [POINT, "{ x: number, y?: number }"],
  [{ type: "object" }, "{ … }"],
  [{ type: "array", items: { type: "string" } }, "[string]"],
  [{ anyOf: [{ type: "string" }, { type: "null" }] }, "string | null"],
  [{ type: ["string", "null"] }, "string | null"],
  [{ enum: ["a", 1] }, '"a" | 1'],
  [{ const: "a" }, '"a"'],
  [{}, "…"],
])("the form of a schema: %j", (schema, text) => {
  expect(schemaText(schema)).toBe(text);
});

test.each([
  ["rezise", "resize"],
  ["RESIZE", "resize"],
  ["resizes", "resize"],
  ["resiez", "resize"],
  ["crop", undefined],
  ["re", undefined],
  ["x".repeat(64), undefined],
])("the name that was meant by %s is %s", (name, meant) => {
  expect(similarName(name, ["resize", "thumbnail"])).toBe(meant);
});
