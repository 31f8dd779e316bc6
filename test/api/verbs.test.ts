import fc from "fast-check";
import { expect, test } from "vitest";
import { check } from "../../src/api/check/check.ts";
import { OWNER } from "../../src/api/keys/principal.ts";
import { VERBS } from "../../src/api/verbs/index.ts";

const receipt = fc.oneof(
  { weight: 9, arbitrary: fc.string({ minLength: 1, maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom("", "x".repeat(128), "x".repeat(129), 1, null) },
);
const request = fc.oneof(
  fc.record(
    { receipts: fc.array(receipt, { maxLength: 12 }), finish: fc.constantFrom(true, false, 1), colour: fc.nat() },
    { requiredKeys: [] },
  ),
  fc.record({ receipts: fc.oneof(fc.array(receipt), fc.jsonValue()) }),
  fc.constantFrom({ receipts: new Array(1_000).fill("r") }, { receipts: new Array(1_001).fill("r") }),
  fc.jsonValue(),
);

const CONTEXT = { queue: "tasks", principal: OWNER, now: 0 };

function outcomeOf(attempt: () => unknown): unknown {
  try {
    return { value: attempt() };
  } catch (error) {
    return { error };
  }
}

test("an ack is held against its schema, whichever way it is checked", () => {
  fc.assert(
    fc.property(request, (sent) => {
      const expected = outcomeOf(() => ({ verb: "ack", ...check(VERBS.ack.request, sent) }));
      expect(outcomeOf(() => VERBS.ack.toCommand(sent, CONTEXT))).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});
