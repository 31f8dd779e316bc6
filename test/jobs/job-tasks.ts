import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { defineTasks, type TaskContext, task } from "durable-queue/tasks";

/** The queue of all jobs. */
export const QUEUE = "jobs";

/** How often a job is tried whose handler always fails. */
const FAILING_ATTEMPTS = 3;

/** How long a handler takes at most, in milliseconds. */
const HANDLER_MS = 20;

/** How a job has to end. */
export type End = "done" | "failed" | "cancelled";

/** What a job is to do: the same for everyone who knows its number. */
export function endOf(n: number): End {
  if (n % 20 === 7) return "failed";
  return n % 20 === 13 ? "cancelled" : "done";
}

/** What the handler of a job makes of its number. */
export function answerTo(n: number): number {
  return n * n + 1;
}

/** What the error of a job that fails says. */
export function failureOf(n: number): string {
  return `The job ${n} fails, as it has to.`;
}

/** The result of a job. `run` differs with each run of its handler, so that a result that changes is seen. */
export interface Answer {
  n: number;
  answer: number;
  run: string;
}

/** The tasks of the test, one for each end. */
export const tasks = defineTasks(QUEUE, {
  // Attempts that workers do not live through count too.
  done: task({
    maxAttempts: 0,
    run: async (n: number): Promise<Answer> => {
      await sleep(Math.random() * HANDLER_MS);
      return { n, answer: answerTo(n), run: crypto.randomUUID() };
    },
  }),
  failed: task({
    maxAttempts: FAILING_ATTEMPTS,
    run: async (n: number): Promise<Answer> => {
      await sleep(Math.random() * HANDLER_MS);
      throw new RangeError(failureOf(n));
    },
  }),
  // It ends when it is cancelled, and not before.
  cancelled: task({
    maxAttempts: 0,
    run: async (n: number, { signal }: TaskContext): Promise<Answer> => {
      if (!signal.aborted) await once(signal, "abort");
      throw new Error(`The job ${n} was left.`);
    },
  }),
});
