/** The program of the threads and processes that serve the tasks of a registry. */
import { TaskWork } from "../../jobs/task-work.ts";
import type { TasksData } from "../isolated-tasks.ts";
import { loadModule, moduleName } from "./load-module.ts";
import { readyOf } from "./ready-of.ts";
import { registryOf } from "./registries.ts";
import { serve } from "./serve.ts";

serve(async (data) => {
  const { module, queue, tasks } = data as TasksData;
  const name = moduleName(module);
  const registry = registryOf(await loadModule(module, name, "The module"), name, { queue, tasks });
  return {
    ready: readyOf(registry),
    handlerOf: (calls, reports) => new TaskWork(registry, calls, reports).handler,
  };
});
