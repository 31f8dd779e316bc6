import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "../../worker-client/src/base/retry.ts";

const failures = fc.integer({ min: 1, max: 10_000 });
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** The step that the waiting time is drawn from: 50 ms at first, doubling, 2 s at most. */
function stepMs(failed: number): number {
  return Math.min(2_000, 50 * 2 ** (failed - 1));
}

test("a pause is at least half of its step and at most all of it", () => {
  fc.assert(
    fc.property(failures, chance, (failed, drawn) => {
      const pause = backoffMs(failed, drawn);

      expect(pause).toBeGreaterThanOrEqual(stepMs(failed) / 2);
      expect(pause).toBeLessThanOrEqual(stepMs(failed));
    }),
  );
});

test("no pause is longer than two seconds, however often the server has failed", () => {
  fc.assert(
    fc.property(failures, chance, (failed, drawn) => {
      const pause = backoffMs(failed, drawn);

      expect(pause).toBeGreaterThan(0);
      expect(pause).toBeLessThanOrEqual(2_000);
    }),
  );
});

test("with the same luck a pause is never shorter than the one before it", () => {
  fc.assert(
    fc.property(failures, chance, (failed, drawn) => {
      const [pause, next] = [backoffMs(failed, drawn), backoffMs(failed + 1, drawn)];

      expect(next).toBeGreaterThanOrEqual(pause);
    }),
  );
});

test("the first pause is drawn from 25 to 50 ms", () => {
  const shortest = backoffMs(1, 0);
  const middle = backoffMs(1, 0.5);

  expect(shortest).toBe(25);
  expect(middle).toBe(37.5);
});
