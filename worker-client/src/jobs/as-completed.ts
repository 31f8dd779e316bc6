import { checkBoolean, shown } from "../base/check-options.ts";
import { Timeout } from "../base/job-errors.ts";
import { Timer } from "../base/platform.ts";
import { type Endable, isEndable } from "./endable.ts";
import { checkResultOptions, type ResultOptions } from "./ended-job.ts";
import { Job } from "./job.ts";

/** The options of `gather`. */
export interface GatherOptions extends ResultOptions {
  /** Whether to wait for all jobs, and say of each what became of it. Default false. */
  settled?: boolean | undefined;
}

/** The results of jobs, in their order. */
type ResultsOf<Jobs extends readonly Job[]> = {
  -readonly [Index in keyof Jobs]: Jobs[Index] extends Job<infer Result> ? Result : never;
};

/** What became of jobs, in their order. */
type OutcomesOf<Jobs extends readonly Job[]> = {
  -readonly [Index in keyof Jobs]: Jobs[Index] extends Job<infer Result> ? PromiseSettledResult<Result> : never;
};

/**
 * The jobs, or futures, in the order in which they end: those that have ended come first. One that has failed or was
 * cancelled comes as others do; its `result()` throws. The result of one that has come is here already. As Python's
 * `as_completed`.
 *
 * @example
 * for await (const job of asCompleted(jobs)) console.log(job.id, await job.result());
 *
 * @throws {Timeout} if not all of them had ended in time, counted from the first step
 */
export function asCompleted<Each extends Endable>(
  jobs: Iterable<Each>,
  options: ResultOptions = {},
): AsyncGenerator<Each, void> {
  const each = checkedEach("asCompleted()", jobs, isEndable, "jobs or futures");
  checkResultOptions("asCompleted()", options);
  return endsOf([...new Set(each)], options);
}

/**
 * The results of jobs, in the order of the jobs. If one fails or was cancelled, that is thrown at once, as by
 * `Promise.all`; the others go on. With `settled` it waits for all, and says of each what became of it, as
 * `Promise.allSettled`.
 *
 * @throws what `Job.result` throws, for the first job that has no result
 * @throws {Timeout} if not all of them had ended in time
 */
export async function gather<const Jobs extends readonly Job[]>(
  jobs: Jobs,
  options: GatherOptions & { settled: true },
): Promise<OutcomesOf<Jobs>>;
export async function gather<const Jobs extends readonly Job[]>(
  jobs: Jobs,
  options?: GatherOptions,
): Promise<ResultsOf<Jobs>>;
export async function gather(jobs: readonly Job[], options: GatherOptions = {}): Promise<unknown[]> {
  const all = checkedEach("gather()", jobs, (job) => job instanceof Job, "jobs");
  const { settled = false, ...rest } = options;
  checkBoolean("settled", settled);
  checkResultOptions("gather()", rest);
  const outcomes = new Map<Job, Promise<unknown>>();
  for await (const job of endsOf([...new Set(all)], rest)) {
    const outcome = job.result({ ...rest });
    outcome.catch(() => undefined);
    outcomes.set(job, outcome);
    if (!settled) await outcome;
  }
  const inOrder = all.map((job) => outcomes.get(job));
  return settled ? Promise.allSettled(inOrder) : Promise.all(inOrder);
}

async function* endsOf<Each extends Endable>(
  jobs: readonly Each[],
  options: ResultOptions,
): AsyncGenerator<Each, void> {
  const { timeoutSeconds = Number.POSITIVE_INFINITY, signal } = options;
  const ended: Each[] = [];
  let failure: { error: unknown } | undefined;
  let wake: (() => void) | undefined;
  const fail = (error: unknown) => {
    failure = { error };
    wake?.();
  };
  signal?.throwIfAborted();
  const abort = () => fail(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const timer = new Timer(timeoutSeconds * 1_000, () =>
    fail(tooLate(jobs.length - given, jobs.length, timeoutSeconds)),
  );
  let given = 0;
  const leaves = jobs.map((job) =>
    job.whenEnded(() => {
      ended.push(job);
      wake?.();
    }),
  );
  try {
    while (given < jobs.length) {
      for (const job of ended.splice(0)) {
        given += 1;
        yield job;
      }
      if (given === jobs.length || ended.length > 0) continue;
      if (failure !== undefined) throw failure.error;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    timer.clear();
    signal?.removeEventListener("abort", abort);
    for (const leave of leaves) leave();
  }
}

function tooLate(left: number, count: number, seconds: number): Timeout {
  return new Timeout(`${left} of ${count} jobs had not ended after ${seconds} s. They go on.`);
}

function checkedEach<Each>(
  call: string,
  jobs: Iterable<Each>,
  isOne: (value: unknown) => boolean,
  kinds: "jobs" | "jobs or futures",
): Each[] {
  if (typeof jobs !== "object" || jobs === null || !(Symbol.iterator in jobs)) {
    throw new TypeError(`${call} takes a list of ${kinds}, not ${shown(jobs)}.`);
  }
  const all = [...jobs];
  const wrong = all.findIndex((job) => !isOne(job));
  if (wrong >= 0) throw new TypeError(`${call} takes ${kinds}, but jobs[${wrong}] is ${shown(all[wrong])}.`);
  return all;
}
