import type { JobReply } from "../../../src/api/types.ts";
import { checkNumber, checkOptions, type Known } from "../base/check-options.ts";
import { hasEnded } from "../base/job-ends.ts";
import { JobCancelled, JobFailed, Timeout } from "../base/job-errors.ts";
import { Timer } from "../base/platform.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import { watcherOf } from "./job-watcher.ts";

/** The options of `Job.result`, and of others that wait for jobs. */
export interface ResultOptions {
  /**
   * How long to wait: 0 or more. Then `Timeout` is thrown, also while the server cannot be reached, and the job goes on.
   * Default: for as long as it takes.
   */
  timeoutSeconds?: number | undefined;
  /** Ends the wait with the signal's reason. The job goes on. */
  signal?: AbortSignal | undefined;
}

const RESULT_OPTIONS: Known<ResultOptions> = { timeoutSeconds: true, signal: true };

/** How long a call that does not wait may be tried, in seconds. */
const NOWAIT_SECONDS = 2;

/** Throws a `TypeError` or a `RangeError` for a wrong option. */
export function checkResultOptions(call: string, options: ResultOptions): void {
  checkOptions(call, options, RESULT_OPTIONS);
  const { timeoutSeconds } = options;
  if (timeoutSeconds !== undefined) checkNumber("timeoutSeconds", timeoutSeconds, { min: 0 });
}

/** @internal Waits until a job has ended. The result is what it is then. */
export async function endOf(id: string, calls: QueueCalls, options: ResultOptions): Promise<JobReply> {
  const { timeoutSeconds = Number.POSITIVE_INFINITY, signal } = options;
  const late = () => new Timeout(lateText(id, calls.queue, timeoutSeconds), { queue: calls.queue });
  if (timeoutSeconds === 0) {
    const call = { request: { id }, signal, retrySeconds: NOWAIT_SECONDS };
    const { value } = await calls.send<JobReply>("result", call);
    if (!hasEnded(value)) throw late();
    return value;
  }
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = (settle: () => void) => {
      timer.clear();
      signal?.removeEventListener("abort", abort);
      settle();
      leave?.();
    };
    const abort = () => end(() => reject(signal?.reason));
    const timer = new Timer(timeoutSeconds * 1_000, () => end(() => reject(late())));
    signal?.addEventListener("abort", abort, { once: true });
    const leave: (() => void) | undefined = watcherOf(calls.route).watch(id, {
      wantsAll: false,
      heard: (view) => hasEnded(view) && end(() => resolve(view)),
      failed: (error) => end(() => reject(error)),
    });
  });
}

/**
 * @internal The result of a job that has ended.
 *
 * @throws {JobFailed} where it has failed
 * @throws {JobCancelled} where it was cancelled
 */
export function resultOf<Result>(job: JobReply, queue: string): Result {
  if (job.state === "failed") throw new JobFailed({ queue, job });
  if (job.state === "cancelled") throw new JobCancelled({ queue, job });
  return job.result as Result;
}

function lateText(id: string, queue: string, seconds: number): string {
  if (seconds === 0) return `The job ${id} of ${queue} has not ended.`;
  return `The job ${id} of ${queue} had not ended after ${seconds} s. It goes on.`;
}
