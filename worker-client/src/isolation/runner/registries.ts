/** Finds the tasks that a module exports. */
import type { TaskRegistry } from "../../tasks/registry.ts";
import { type ModuleExports, UnusableModule } from "./load-module.ts";

/** A registry, and the name under which the module exports it. */
type Found = readonly [registry: TaskRegistry, name: string];

/**
 * The tasks that a module exports: by default, or under any one name. Of several, those of the queue that is named.
 *
 * @param file how the user calls the module
 * @param queue the queue that was named; undefined if none was
 * @returns undefined if the module exports none
 * @throws {UnusableModule} if they are those of another queue, or the module does not say which ones are meant
 */
export function registryIn(exported: ModuleExports, file: string, queue: string | undefined): TaskRegistry | undefined {
  const found = registriesIn(exported);
  if (found.length === 0) return undefined;
  const ofQueue = queue === undefined ? found : found.filter(([registry]) => registry.queue === queue);
  if (ofQueue.length === 0) {
    const queues = found.map(([registry]) => registry.queue).join(", ");
    throw new UnusableModule(
      `The tasks of ${file} are those of ${queues}, not of ${queue}: name no queue, because defineTasks() says it.`,
      2,
    );
  }
  const chosen = ofQueue.find(([, name]) => name === "default") ?? (ofQueue.length === 1 ? ofQueue[0] : undefined);
  if (chosen !== undefined) return chosen[0];
  const names = ofQueue.map(([registry, name]) => `${name} of ${registry.queue}`).join(", ");
  throw new UnusableModule(
    `The module ${file} exports several registries of tasks: ${names}. Export the one that is meant by default, or, for work, name its queue before the file.`,
    2,
  );
}

/**
 * The tasks of a queue that a module exports for threads and processes. Of several, those with handlers for all of the
 * named tasks.
 *
 * @throws {UnusableModule} if there are none
 */
export function registryOf(
  exported: ModuleExports,
  module: string,
  { queue, tasks }: { queue: string; tasks: readonly string[] },
): TaskRegistry {
  const found = registriesIn(exported).map(([registry]) => registry);
  const ofQueue = found.filter((registry) => registry.queue === queue);
  const complete = ofQueue.find((registry) => tasks.every((name) => registry.tasks[name]?.run !== undefined));
  const chosen = complete ?? ofQueue[0];
  if (chosen !== undefined) return chosen;
  const has = found.length === 0 ? "no tasks" : `tasks of ${found.map((each) => each.queue).join(", ")}`;
  throw new UnusableModule(
    `The module ${module} exports ${has}, and not those of ${queue}: export what defineTasks() returns, from the module that it names.`,
    2,
  );
}

/** Each once: one may be exported under several names, as also by default. */
function registriesIn(exported: ModuleExports): Found[] {
  const names = new Map<TaskRegistry, string>();
  // Node may know no other name of a CommonJS module than default, which is the object of its exports.
  const { default: all } = exported;
  const others = typeof all === "object" && all !== null ? Object.entries(all) : [];
  for (const [name, value] of [...Object.entries(exported), ...others]) {
    if (isRegistry(value) && (name === "default" || !names.has(value))) names.set(value, name);
  }
  return [...names];
}

/** Whether `defineTasks` has made it, of whichever copy of the package the module has. */
function isRegistry(value: unknown): value is TaskRegistry {
  if (typeof value !== "object" || value === null) return false;
  const { queue, tasks } = value as Partial<TaskRegistry>;
  if (typeof queue !== "string" || typeof tasks !== "object" || tasks === null) return false;
  return Object.values(tasks).every((each: unknown) => typeof each === "object" && each !== null && "rules" in each);
}
