import { defineTasks, task } from "durable-queue/tasks";
import { POOL_WORK } from "../roles/pool-work.ts";

/** The tasks of pools of ours, of a queue whose rows are counted. */
export const poolTasks = defineTasks(
  "tasks",
  { square: task({ run: POOL_WORK.square }), queens: task({ run: POOL_WORK.queens }) },
  { module: import.meta.url },
);
