// The tasks of the demo, which its master and its workers share.
import { setTimeout as sleep } from "node:timers/promises";
import { defineTasks, task } from "durable-queue/tasks";

/** Steps of a report. Each takes a moment. */
const REPORT_STEPS = 80;

export const tasks = defineTasks("jobs", {
  cube: task({
    run: async (n: number) => {
      await sleep(5);
      return { n, cube: n ** 3 };
    },
  }),
  /** Takes longer than the crash of its server, and tells how far it is. */
  report: task({
    maxAttempts: 0,
    run: async (title: string, { progress, signal }) => {
      for (let step = 1; step <= REPORT_STEPS; step += 1) {
        await sleep(100, undefined, { signal });
        progress(step / REPORT_STEPS);
      }
      return `${title}: ${REPORT_STEPS} steps`;
    },
  }),
});
