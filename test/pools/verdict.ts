import { answerTo } from "./pool-tasks.ts";

/** What is wrong with the results of a map over the numbers below `count`; empty if they are complete and in order. */
export function faultsOf(results: unknown, count: number): string[] {
  if (!Array.isArray(results)) return [`the map answered with ${JSON.stringify(results)}`];
  const faults = results.length === count ? [] : [`${count} items have ${results.length} results`];
  for (let n = 0; n < count; n += 1) {
    if (results[n] !== answerTo(n)) faults.push(`the result of item ${n} is ${JSON.stringify(results[n])}`);
  }
  return faults;
}
