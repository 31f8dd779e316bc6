import * as fc from "fast-check";
import { expect, test } from "vitest";
import { FingerprintTable } from "../../src/queue/base/fingerprint-table.ts";

/** Few fingerprints, close to each other and with the same last bits, so that they collide. */
const fingerprint = fc
  .integer({ min: 0, max: 40 })
  .map((number) => (number % 8) * 2_048 + Math.floor(number / 8) + 1_020);
const slot = fc.integer({ min: 1, max: 5 });
const change = fc.record({ verb: fc.constantFrom("add", "remove"), fingerprint, slot });

test("the table holds the pairs that were added and not removed", () =>
  fc.assert(
    fc.property(fc.array(change, { maxLength: 300 }), (changes) => {
      const table = new FingerprintTable();
      const pairs = new Map<number, Set<number>>();
      for (const { verb, fingerprint, slot } of changes) {
        const slots = pairs.get(fingerprint) ?? new Set();
        pairs.set(fingerprint, slots);
        if (verb === "add") {
          table.add(fingerprint, slot);
          slots.add(slot);
        } else {
          table.remove(fingerprint, slot);
          slots.delete(slot);
        }
      }
      for (const [fingerprint, slots] of pairs) {
        expect([...table.slotsOf(fingerprint)].sort()).toEqual([...slots].sort());
      }
      expect(table.size).toBe([...pairs.values()].reduce((sum, { size }) => sum + size, 0));
    }),
    { numRuns: 500 },
  ));

test("the table grows and shrinks with what it holds", () => {
  const table = new FingerprintTable();
  for (let number = 0; number < 20_000; number += 1) table.add(number * 7, 1 + (number % 100));
  for (let number = 0; number < 20_000; number += 1) {
    expect([...table.slotsOf(number * 7)]).toEqual([1 + (number % 100)]);
  }
  for (let number = 0; number < 19_990; number += 1) table.remove(number * 7, 1 + (number % 100));

  expect(table.size).toBe(10);
  for (let number = 19_990; number < 20_000; number += 1) {
    expect([...table.slotsOf(number * 7)]).toEqual([1 + (number % 100)]);
  }
  expect([...table.slotsOf(7)]).toEqual([]);
});
