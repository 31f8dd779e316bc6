import { expect, test } from "vitest";
import { FailedCommits, FULL_MS, KnownQueues } from "../../src/isolate.ts";

test("known names are bounded: the one that was used longest ago is forgotten", () => {
  const known = new KnownQueues(3);
  for (const name of ["a", "b", "c", "a", "d"]) known.add(name);

  expect(known.size).toBe(3);
  expect(["a", "b", "c", "d"].filter((name) => known.has(name))).toEqual(["a", "c", "d"]);
  known.forget("a");
  expect(known.has("a")).toBe(false);
});

test("a commit that was begun and is not stored has failed, and no write is tried for a second", () => {
  const failed = new FailedCommits(10);

  failed.begin("a", 7);
  failed.begin("b", 7);
  failed.begin("c", 7);
  failed.end("c");

  expect(failed.fullUntil("a", 6, 1_000)).toBe(1_000 + FULL_MS);
  expect(failed.fullUntil("b", 7, 1_000)).toBe(Number.NEGATIVE_INFINITY);
  expect(failed.fullUntil("c", 6, 1_000)).toBe(Number.NEGATIVE_INFINITY);
  expect(failed.fullUntil("a", 6, 1_500)).toBe(1_000 + FULL_MS);
  expect([failed.isAnyFull(1_999), failed.isAnyFull(2_000)]).toEqual([true, false]);
});
