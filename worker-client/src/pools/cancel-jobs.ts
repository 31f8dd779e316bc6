import { Forbidden } from "../base/errors.ts";
import type { PoolJobs } from "./pool-jobs.ts";

/** How many calls that cancel jobs are under way at a time. */
const CANCELS_MAX = 50;

/** Is told of jobs that a pool cancels. */
export interface CancelReports {
  cancelled(ids: readonly string[]): void;
  /** Once, if they cannot be cancelled. `what` comes before the error where that is printed. */
  error(error: unknown, message: undefined, what: string): void;
}

/** Cancels jobs of a pool. Does not reject. */
export async function cancelJobs(ids: readonly string[], jobs: PoolJobs, reports: CancelReports): Promise<void> {
  reports.cancelled(ids);
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
        reports.error(error, undefined, ` ${left} jobs of the pool could not be cancelled, and go on:${why}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(CANCELS_MAX, ids.length) }, cancelSome));
}
