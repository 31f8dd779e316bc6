/** What the pool test would find. */
import { expect, test } from "vitest";
import { answerTo } from "./pool-tasks.ts";
import { faultsOf } from "./verdict.ts";

const right = [0, 1, 2, 3].map(answerTo);

test("results that are complete and in order have no fault", () => {
  expect(faultsOf(right, 4)).toEqual([]);
});

test("results that changed places, are missing, or are too many are faults", () => {
  expect(faultsOf([1, 5, 2, 10], 4)).toEqual(["the result of item 1 is 5", "the result of item 2 is 2"]);
  expect(faultsOf([1, 2, null, 10], 4)).toEqual(["the result of item 2 is null"]);
  expect(faultsOf(right.slice(0, 3), 4)).toEqual(["4 items have 3 results", "the result of item 3 is undefined"]);
  expect(faultsOf([...right, 17], 4)).toEqual(["4 items have 5 results"]);
  expect(faultsOf("none", 4)).toEqual(['the map answered with "none"']);
});
