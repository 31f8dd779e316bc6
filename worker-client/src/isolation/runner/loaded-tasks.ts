import { TaskWork } from "../../jobs/task-work.ts";
import type { TaskRegistry } from "../../tasks/registry.ts";
import { readyOf } from "./ready-of.ts";
import type { Loaded } from "./serve.ts";

/** What runs the tasks of a registry that was loaded. */
export function loadedTasks(registry: TaskRegistry): Loaded {
  return {
    ready: readyOf(registry),
    handlerOf: (calls, reports) => new TaskWork(registry, calls, reports).handler,
  };
}
