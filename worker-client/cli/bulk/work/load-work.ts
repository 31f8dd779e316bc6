/** Loads what `work` does from a module: a handler, or the tasks of a registry. */
import type { Message } from "../../../src/index.ts";
import { loadModule, UnusableModule } from "../../../src/isolation/runner/load-module.ts";
import { registryIn } from "../../../src/isolation/runner/registries.ts";
import type { TaskRegistry } from "../../../src/tasks/index.ts";

/** What a handler is given beside the message. */
interface HandlerContext {
  /** Aborted when the lease is over, or the message was taken away: see `Message.signal`. */
  readonly signal: AbortSignal;
}

/** The default export of a module. */
type ModuleHandler = (message: Message<unknown>, context: HandlerContext) => unknown;

/** What a module has for `work`. */
export type LoadedWork =
  | { queue: string; handler: ModuleHandler; registry?: undefined }
  | { queue: string; registry: TaskRegistry };

/** How modules have what `work` does. */
const FORMS =
  "export default async function (message, { signal }) { … }, or tasks that defineTasks() of durable-queue/tasks has made";

/**
 * Loads the function that a module exports by default, or the tasks that it exports.
 *
 * @param file how the user calls the module
 * @param queue the queue that was named; undefined if none was
 * @throws {UnusableModule} if it cannot be loaded, exports neither, or does not say for which queue
 */
export async function loadWork(path: string, file: string, queue: string | undefined): Promise<LoadedWork> {
  const exported = await loadModule(path, file, "The handler");
  const { default: handler } = exported;
  if (typeof handler === "function" && queue !== undefined) return { queue, handler: handler as ModuleHandler };
  const registry = registryIn(exported, file, queue);
  if (registry !== undefined) {
    if (Object.values(registry.tasks).some(({ run }) => run !== undefined)) return { queue: registry.queue, registry };
    throw new UnusableModule(`No task of ${file} has a handler: task() takes it as its option run.`, 2);
  }
  if (typeof handler === "function") {
    throw new UnusableModule(
      `The handler ${file} does not say on which queue it works: durable-queue work QUEUE ${file}`,
      2,
    );
  }
  const what = handler === undefined ? "has no default export" : `exports ${kindOf(handler)} by default`;
  throw new UnusableModule(`The handler ${file} ${what}, and not a function: ${FORMS}`, 2);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
