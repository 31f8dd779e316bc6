/** The program of the threads and processes that serve the tasks of a registry. */
import type { TasksData } from "../isolated-tasks.ts";
import { loadModule, moduleName } from "./load-module.ts";
import { loadedTasks } from "./loaded-tasks.ts";
import { registryOf } from "./registries.ts";
import { serve } from "./serve.ts";

serve(async (data) => {
  const { module, queue, tasks } = data as TasksData;
  const name = moduleName(module);
  return loadedTasks(registryOf(await loadModule(module, name, "The module"), name, { queue, tasks }));
});
