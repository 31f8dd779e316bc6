import { defineTasks, task } from "durable-queue/tasks";
import { countSolutions, type Position } from "./board.ts";

/** What processes here and workers elsewhere do: they load this module by its path. */
export const tasks = defineTasks(
  "queens",
  { count: task({ timeoutSeconds: 600, run: (position: Position) => countSolutions(position) }) },
  { module: import.meta.url },
);
