import { Forbidden } from "../base/errors.ts";
import type { PoolJobs } from "./pool-jobs.ts";

/** How many calls that cancel jobs are under way at a time. */
const CANCELS_MAX = 50;

/**
 * Cancels jobs of a pool. Does not reject.
 *
 * @param report is told once, if they cannot be cancelled
 */
export async function cancelJobs(
  ids: readonly string[],
  jobs: PoolJobs,
  report: (error: unknown, what: string) => void,
): Promise<void> {
  let next = 0;
  let isRefused = false;
  const cancelSome = async () => {
    while (next < ids.length && !isRefused) {
      const id = ids[next] as string;
      next += 1;
      try {
        await jobs.cancel(id);
      } catch (error) {
        if (isRefused) return;
        isRefused = true;
        const left = ids.length - next + 1;
        const why = error instanceof Forbidden ? " its key may not cancel them:" : "";
        report(error, ` ${left} jobs of the pool could not be cancelled, and go on:${why}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CANCELS_MAX, ids.length) }, cancelSome));
}
