import fc from "fast-check";
import { expect, test } from "vitest";
import { socketOperation } from "../../src/api/schema/socket-operation.ts";
import { BadFrame, operationsOf } from "../../src/socket/operations.ts";

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(0, -1, 1.5, 1_000, 1_001, 2_147_483_647, 2_147_483_648, "", " ", "é"),
);
/** Mostly right, now and then not. */
function field(right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 6, arbitrary: right }, { weight: 1, arbitrary: odd });
}

const envelope = fc.record(
  {
    id: field(fc.nat()),
    verb: field(fc.constantFrom("put", "receive", "")),
    request: fc.jsonValue(),
    key: field(fc.string({ minLength: 1, maxLength: 300, unit: "grapheme-ascii" })),
    keys: field(fc.array(fc.string({ minLength: 1, maxLength: 20, unit: "grapheme-ascii" }), { maxLength: 5 })),
    colour: fc.constant("red"),
  },
  { requiredKeys: ["id", "verb"] },
);

function isId(id: unknown): boolean {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= 2_147_483_647;
}

test("the fast check and the schema accept the same operations", () => {
  fc.assert(
    fc.property(fc.oneof({ weight: 9, arbitrary: envelope }, { weight: 1, arbitrary: fc.jsonValue() }), (value) => {
      const line = JSON.stringify(value);
      const checked = socketOperation.safeParse(JSON.parse(line));
      if (checked.success) {
        expect(operationsOf(line)).toEqual([{ ...checked.data, contents: [] }]);
      } else if (isId((value as { id?: unknown } | null)?.id)) {
        expect(operationsOf(line)).toMatchObject([{ fault: { code: "invalid" } }]);
      } else {
        expect(() => operationsOf(line)).toThrow(BadFrame);
      }
    }),
    { numRuns: 5_000 },
  );
});

test("the lines after a put are its contents, whatever they say", () => {
  const lines = fc.array(
    fc.string().map((text) => text.replaceAll("\n", "")),
    { minLength: 1, maxLength: 1_000 },
  );
  fc.assert(
    fc.property(fc.array(lines, { minLength: 1, maxLength: 10 }), (puts) => {
      const frame = puts.map((contents, id) =>
        [JSON.stringify({ id, verb: "put", lines: contents.length }), ...contents].join("\n"),
      );
      expect(operationsOf(frame.join("\n")).map(({ contents }) => contents)).toEqual(puts);
    }),
  );
});

test.each([-1, 1.5, "1", null])("a put of %j lines closes the connection, because its end is not known", (lines) => {
  const frame = [JSON.stringify({ id: 1, verb: "put", lines }), "1"].join("\n");

  expect(() => operationsOf(frame)).toThrow(/lines/);
});

test.each([0, 1_001])("a put of %j lines is refused, and the operation after it is not", (lines) => {
  const put = [JSON.stringify({ id: 1, verb: "put", lines }), ...Array(lines).fill("1")];

  expect(operationsOf([...put, '{"id":2,"verb":"describe"}'].join("\n"))).toMatchObject([
    { id: 1, fault: { code: "invalid" } },
    { id: 2, verb: "describe" },
  ]);
});
