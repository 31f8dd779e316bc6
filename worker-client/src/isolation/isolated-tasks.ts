import { servedNames, type TaskRegistry } from "../tasks/registry.ts";
import type { WorkOptions } from "../workers/work-options.ts";
import { IsolatedWork } from "./isolated-work.ts";
import type { ResolvedIsolation } from "./isolation-options.ts";
import { runnerProgram } from "./program.ts";
import type { Ready } from "./protocol.ts";

/** What the program of a registry is given at its start. */
export interface TasksData {
  /** The module that defines the registry: a URL, or a path. */
  module: string;
  queue: string;
  /** The names of the tasks that have handlers. */
  tasks: readonly string[];
}

/**
 * The work on the tasks of a registry in threads or processes.
 *
 * @param waitingMs how much work may wait in the worker, in milliseconds of handlers. Default: as for any worker
 * @throws {TypeError} for a registry without `module`, or without handlers, and where no thread or process can be started
 */
export function isolatedTasks(
  registry: TaskRegistry,
  isolation: ResolvedIsolation,
  { concurrency = 1, prefetch, logger }: Pick<WorkOptions, "concurrency" | "prefetch" | "logger">,
  waitingMs?: number,
): IsolatedWork {
  const { queue, module } = registry;
  const tasks = servedNames(registry);
  const where = isolation.isolation;
  if (module === undefined) {
    throw new TypeError(
      `The tasks of ${queue} cannot run in ${where}: defineTasks() was not told in which module they are. Give it { module: import.meta.url } as its third argument.`,
    );
  }
  const data: TasksData = { module, queue, tasks };
  return new IsolatedWork({
    ...isolation,
    program: runnerProgram(),
    concurrency,
    sendsAhead: prefetch === undefined,
    waitingMs,
    data,
    isLogged: logger !== undefined,
    check: (ready) => lacking(ready, data),
  });
}

/** Undefined where the module has a handler for each task that has one here. */
function lacking(ready: Ready, { module, queue, tasks }: TasksData): string | undefined {
  const missing = tasks.filter((name) => !(ready.tasks ?? []).includes(name));
  if (missing.length === 0) return undefined;
  const has = (ready.tasks ?? []).join(", ");
  return `The tasks of ${queue} that ${module} exports have no handler for ${missing.join(", ")}, but for ${has}: export what defineTasks() returns, with all of its tasks, from the module that it names.`;
}
