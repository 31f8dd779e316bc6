import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffMs, retrying } from "../../../worker-client/src/base/retry.ts";

const failures = fc.integer({ min: 1, max: 10_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** The step that the waiting time is drawn from: 50 ms at first, doubling, 2 s at most. */
function stepMs(failed: number): number {
  return Math.min(2_000, 50 * 2 ** (failed - 1));
}

test("a pause is at least half of its step and at most all of it", () => {
  fc.assert(
    fc.property(failures, random, (failed, drawn) => {
      const pause = backoffMs(failed, drawn);

      expect(pause).toBeGreaterThanOrEqual(stepMs(failed) / 2);
      expect(pause).toBeLessThanOrEqual(stepMs(failed));
    }),
  );
});

test("no pause is longer than two seconds, however often the server has failed", () => {
  fc.assert(
    fc.property(failures, random, (failed, drawn) => {
      const pause = backoffMs(failed, drawn);

      expect(pause).toBeGreaterThan(0);
      expect(pause).toBeLessThanOrEqual(2_000);
    }),
  );
});

test("with the same random value a pause is never shorter than the one before it", () => {
  fc.assert(
    fc.property(failures, random, (failed, drawn) => {
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

describe("retrying", () => {
  test("tries until there is a result, with a growing pause after each failure", async () => {
    const results = [undefined, undefined, undefined, { result: "done" }];
    const pauses: number[] = [];

    const result = await retrying(
      async () => results.shift(),
      async (ms) => void pauses.push(ms),
    );

    expect(result).toBe("done");
    expect(pauses).toHaveLength(3);
    for (const [index, ms] of pauses.entries()) {
      expect(ms).toBeGreaterThanOrEqual(stepMs(index + 1) / 2);
      expect(ms).toBeLessThanOrEqual(stepMs(index + 1));
    }
  });

  test("ends with what an attempt or a pause throws", async () => {
    const refused = new Error("refused");
    const late = new Error("late");

    await expect(
      retrying(
        () => Promise.reject(refused),
        () => Promise.resolve(),
      ),
    ).rejects.toBe(refused);
    await expect(
      retrying(
        () => Promise.resolve(undefined),
        () => Promise.reject(late),
      ),
    ).rejects.toBe(late);
  });
});
