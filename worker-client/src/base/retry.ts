import { Timer } from "./platform.ts";

const FIRST_MS = 50;
const LONGEST_MS = 2_000;

/**
 * The time before the next try, in milliseconds: doubling, capped, and half of it random, so that many clients
 * that lost the same server do not come back at the same moment.
 *
 * @param failures how many tries have failed, from 1
 * @param random from 0 up to, not including, 1
 */
export function backoffMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
  return longest / 2 + (longest / 2) * random;
}

/**
 * Tries something until it has a result, or throws, with a pause after each failure.
 *
 * @param attempt answers undefined for a failure after which there is another try
 * @param pause waits for so many milliseconds, or for less. An error that it throws ends the tries
 */
export async function retrying<Result>(
  attempt: () => Promise<{ result: Result } | undefined>,
  pause: (ms: number) => Promise<void>,
): Promise<Result> {
  for (let failures = 1; ; failures += 1) {
    const done = await attempt();
    if (done !== undefined) return done.result;
    await pause(backoffMs(failures, Math.random()));
  }
}

/**
 * Tries again by a timer after the same pause, where events of a connection may come first.
 *
 * @param failures how many tries have failed, from 1
 * @param keepsProcess whether the process stays alive for the next try
 */
export function retryLater(failures: number, run: () => void, keepsProcess = true): Timer {
  return new Timer(backoffMs(failures, Math.random()), run, { holds: keepsProcess });
}
