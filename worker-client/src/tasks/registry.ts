import { QUEUE_NAME_PATTERN, TASK_NAME_PATTERN } from "../../../src/contract/limits.ts";
import { checkOptions, type Known, shown } from "../base/check-options.ts";
import type { AnyTask, Task } from "./task.ts";

/** Tasks by their names. */
export type TaskSet = Readonly<Record<string, AnyTask>>;

/** The tasks of one queue: what producers submit to it, and what its workers do. */
export interface TaskRegistry<Tasks extends TaskSet = TaskSet, Queue extends string = string> {
  /** The name of the queue that the tasks share. */
  readonly queue: Queue;
  readonly tasks: Tasks;
  /** Where it is defined, for handlers that run in processes or threads of their own. */
  readonly module: string | undefined;
}

/** The input that a task takes. */
export type InputOf<OneTask> = OneTask extends Task<infer Input, unknown> ? Input : never;

/** The result of a task, as JSON makes it. */
export type ResultOf<OneTask> = OneTask extends Task<unknown, infer Result> ? Result : never;

/** The options of `defineTasks`. */
export interface RegistryOptions {
  /** `import.meta.url`. It is needed where handlers run in processes or threads of their own. */
  module?: string | undefined;
}

/** Names that JavaScript, or the client, looks up for itself. */
type RefusedName = "then" | "toJSON" | "job";

/** Lets the compiler refuse these names with a readable error. */
type RefusedNames = { readonly [Name in RefusedName]?: `A task cannot be named ${Name}.` };

const REFUSED_NAMES: ReadonlyMap<string, string> = new Map<RefusedName, string>([
  ["then", "JavaScript would take the client of the tasks for a promise"],
  ["toJSON", "JSON.stringify would call it"],
  ["job", "the client of the tasks has a call of this name"],
]);

const REGISTRY_OPTIONS: Known<RegistryOptions> = { module: true };

/**
 * Defines the tasks of a queue. Both sides use the registry: producers by `manager.tasks(registry)`, workers by
 * `manager.work(registry)`.
 *
 * @param queue the name of the queue that they share
 * @param tasks each by its name: 1 to 64 of `A-Z a-z 0-9 . _ -`, the first a letter or a digit, and not `then`, `toJSON`
 * or `job`
 * @throws {TypeError} for what is no task, and for an option that there is not
 * @throws {RangeError} for a name of the queue or of a task that breaks the rule
 */
export function defineTasks<const Queue extends string, Tasks extends TaskSet>(
  queue: Queue,
  tasks: Tasks & RefusedNames,
  options: RegistryOptions = {},
): TaskRegistry<Tasks, Queue> {
  checkOptions("defineTasks()", options, REGISTRY_OPTIONS);
  const { module } = options;
  if (typeof queue !== "string" || !QUEUE_NAME_PATTERN.test(queue)) {
    const rule = "1 to 128 of A-Z a-z 0-9 . _ -, the first a letter or a digit";
    throw new RangeError(`The name of a queue must be ${rule}, not ${shown(queue)}.`);
  }
  if (typeof tasks !== "object" || tasks === null || Array.isArray(tasks)) {
    throw new TypeError(`defineTasks() takes its tasks as an object, by their names, not ${shown(tasks)}.`);
  }
  for (const [name, each] of Object.entries(tasks as TaskSet)) checkTask(name, each);
  if (module !== undefined && typeof module !== "string") {
    throw new TypeError(`module must be a text, as import.meta.url, not ${shown(module)}.`);
  }
  return Object.freeze({ queue, tasks: Object.freeze({ ...(tasks as Tasks) }), module });
}

/** Throws a `RangeError` for a name that no task can have. */
export function checkTaskName(name: unknown): asserts name is string {
  if (typeof name !== "string" || !TASK_NAME_PATTERN.test(name)) {
    const rule = "1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit";
    throw new RangeError(`The name of a task must be ${rule}, not ${shown(name)}.`);
  }
  const reason = REFUSED_NAMES.get(name);
  if (reason !== undefined) throw new RangeError(`A task cannot be named ${name}: ${reason}.`);
}

/** A task of a registry. Throws a `TypeError` for one that it does not have, and says which it has. */
export function taskOf({ queue, tasks }: TaskRegistry, name: string): AnyTask {
  const known = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (known !== undefined) return known;
  const names = Object.keys(tasks).join(", ");
  throw new TypeError(`The registry of ${queue} has no task ${JSON.stringify(name)}. It has: ${names}.`);
}

/** The tasks of a registry that have a handler here, each with its name. */
export function servedTasks({ tasks }: TaskRegistry): [name: string, task: AnyTask][] {
  return Object.entries(tasks).filter(([, { run }]) => run !== undefined);
}

/** The names of these. Throws a `TypeError` if there is none. */
export function servedNames(registry: TaskRegistry): string[] {
  const names = servedTasks(registry).map(([name]) => name);
  if (names.length > 0) return names;
  throw new TypeError(`No task of ${registry.queue} has a handler here: task() takes it as the option run.`);
}

function checkTask(name: string, value: unknown): void {
  checkTaskName(name);
  const { rules } = (typeof value === "object" && value !== null ? value : {}) as Partial<AnyTask>;
  if (rules === undefined) {
    throw new TypeError(`${name} must be a task, made by task(), not ${shown(value)}.`);
  }
}
