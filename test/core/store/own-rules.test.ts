import fc from "fast-check";
import { expect, test } from "vitest";
import type { MessageRules } from "../../../src/queue/base/commands.ts";
import { DamagedRow } from "../../../src/queue/base/damage.ts";
import {
  decodeOwnRules,
  encodeOwnRules,
  joined,
  leastRetentionMs,
  type OwnRules,
} from "../../../src/queue/store/own-rules.ts";

const optional = (values: readonly number[]) => fc.option(fc.constantFrom(...values), { nil: undefined });
const rules = fc
  .record({
    maxAttempts: optional([0, 1, 5]),
    retryDelayMs: optional([0, 700]),
    retentionMs: optional([0, 1_000, 60_000]),
  })
  .map((own): MessageRules | undefined => (Object.values(own).some((rule) => rule !== undefined) ? own : undefined));

function ofSegment(messages: readonly (MessageRules | undefined)[]): OwnRules | undefined {
  return messages.reduce<OwnRules | undefined>((known, own, index) => joined(known, own, index === 0), undefined);
}

/** The least of the bounds that there are; Infinity if there is none. */
function leastOf(bounds: readonly number[]): number {
  return Math.min(...bounds.filter((bound) => bound > 0), Number.POSITIVE_INFINITY);
}

test("a row has the rules that all its messages have, or knows the least of those that differ", () => {
  fc.assert(
    fc.property(fc.array(rules, { minLength: 1, maxLength: 6 }), fc.constantFrom(0, 5_000), (messages, queueMs) => {
      const known = ofSegment(messages);

      const areAlike = messages.every((own) => JSON.stringify(own) === JSON.stringify(messages[0]));
      if (areAlike) expect(known).toEqual(messages[0]);
      else expect(known).toMatchObject({ isMixed: true });
      expect(leastRetentionMs(known, queueMs)).toBeLessThanOrEqual(
        leastOf(messages.map((own) => own?.retentionMs ?? queueMs)),
      );
      expect(known?.maxAttempts || Number.POSITIVE_INFINITY).toBe(
        leastOf(messages.map((own) => own?.maxAttempts ?? 0)),
      );
      expect(decodeOwnRules(1, encodeOwnRules(known))).toEqual(known);
    }),
  );
});

test.each([
  ["no JSON", "{", /are not JSON/],
  ["a list", "[]", /are \[\]/],
  ["a rule that is not known", '{"other":1}', /other/],
  ["a rule that is no number", '{"maxAttempts":"1"}', /maxAttempts/],
  ["a negative rule", '{"retentionMs":-1}', /retentionMs/],
])("a row whose rules are %s is damaged", (_, text, fault) => {
  expect(() => decodeOwnRules(7, text)).toThrow(DamagedRow);
  expect(() => decodeOwnRules(7, text)).toThrow(fault);
});
