import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { defineTasks, task } from "durable-queue/tasks";

/** The queue of the pool's jobs. */
export const QUEUE = "pool";

/** The variable of the environment with the folder in which each process says which items it has begun. */
export const RUNS_FOLDER = "POOL_TEST_RUNS";

/** How long an item takes at most, in milliseconds. */
const ITEM_MS = 8;

/** What the handler makes of an item. */
export function answerTo(n: number): number {
  return n * n + 1;
}

export const tasks = defineTasks(
  QUEUE,
  {
    // Attempts that processes do not live through count too.
    answer: task({
      maxAttempts: 0,
      run: async (n: number): Promise<number> => {
        appendFileSync(`${process.env[RUNS_FOLDER]}/${process.pid}`, `${n}\n`);
        await sleep(Math.random() * ITEM_MS);
        return answerTo(n);
      },
    }),
  },
  { module: import.meta.url },
);
