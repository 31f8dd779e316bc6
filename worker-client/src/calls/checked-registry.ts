import { shown } from "../base/check-options.ts";
import type { TaskRegistry } from "../tasks/registry.ts";

/** The registry. Throws a `TypeError` for what is none. */
export function checkedRegistry(call: string, registry: unknown): TaskRegistry {
  const { queue, tasks } = (typeof registry === "object" && registry !== null ? registry : {}) as Partial<TaskRegistry>;
  if (typeof queue === "string" && typeof tasks === "object") return registry as TaskRegistry;
  throw new TypeError(`${call} takes what defineTasks() has made, not ${shown(registry)}.`);
}
