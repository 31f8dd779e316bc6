/** Finds the task that is called, and checks its name and its input as far as they are known here. */
import type { InvalidInput, QueueManager, TaskCalls } from "../../../src/index.ts";
import { loadModule, UnusableModule } from "../../../src/isolation/runner/load-module.ts";
import { registryIn } from "../../../src/isolation/runner/registries.ts";
import type { TaskRegistry } from "../../../src/tasks/index.ts";
import type { Context } from "../../base/context.ts";
import { UsageError } from "../../base/exit.ts";
import { similarName } from "../../base/similar.ts";
import { modulePath } from "../modules/module-file.ts";
import { schemaFaults } from "./schema-faults.ts";

/** The most names that an error lists. */
const NAMES_SHOWN_MAX = 20;

/** The most faults of an input that an error lists. */
const FAULTS_SHOWN_MAX = 5;

/** What is called. */
export interface CalledTask {
  queue: string;
  /** The tasks of the module that was given; undefined where it was the name of a queue. */
  registry: TaskRegistry | undefined;
}

/**
 * What the first argument of `tasks call` means: a module, where it is a path, as ./tasks.ts, else the name of a queue.
 *
 * @throws {UsageError} for a module that cannot be read, or exports no tasks
 */
export async function calledTask(context: Context, queueOrFile: string): Promise<CalledTask> {
  if (!isPath(queueOrFile)) return { queue: queueOrFile, registry: undefined };
  const path = modulePath(context, queueOrFile, "The module");
  // What it prints when it is loaded is no result.
  for (const name of ["log", "info", "debug"] as const) console[name] = console.error;
  try {
    const exported = await loadModule(path, queueOrFile, "The module");
    const registry = registryIn(exported, queueOrFile, undefined);
    if (registry !== undefined) return { queue: registry.queue, registry };
    throw new UsageError(
      `The module ${queueOrFile} exports no tasks that defineTasks() of durable-queue/tasks has made.`,
    );
  } catch (error) {
    if (error instanceof UnusableModule && error.status === 2) throw new UsageError(error.message);
    throw error;
  }
}

/** A name of a queue has no slash; one that ends as the name of a module does comes after none. */
function isPath(text: string): boolean {
  return text.includes("/") || text.includes("\\");
}

/**
 * The calls of the task, if it is one, and its input fits what its workers have announced.
 *
 * @param input undefined for none
 * @throws {UsageError} for an unknown task, and an input that does not fit
 */
export async function checkedCalls(
  context: Context,
  manager: QueueManager,
  { queue, registry }: CalledTask,
  name: string,
  input: unknown,
): Promise<TaskCalls<unknown, unknown>> {
  const calls = unchecked(manager, queue, name);
  if (registry !== undefined) {
    assertKnown(name, Object.keys(registry.tasks), `The tasks of ${queue} have`);
    return (manager.tasks(registry) as Readonly<Record<string, TaskCalls<unknown, unknown>>>)[name] ?? calls;
  }
  const announced = await manager.queue(queue).tasks({ signal: context.signal });
  if (announced.length === 0) {
    context.output.note(
      `No worker has announced the tasks of ${queue} yet: name and input are checked by its workers.`,
    );
    return calls;
  }
  assertKnown(
    name,
    announced.map((task) => task.name),
    `The workers of ${queue} have announced`,
  );
  const schema = announced.find((task) => task.name === name)?.input;
  const faults = schema === undefined ? [] : schemaFaults(schema, input ?? null);
  if (faults.length > 0) throw wrongInput(name, input, faults);
  return calls;
}

/** The calls of a task of which only the name is known. */
export function unchecked(manager: QueueManager, queue: string, name: string): TaskCalls<unknown, unknown> {
  const client = manager.tasks(queue) as Readonly<Record<string, TaskCalls<unknown, unknown> | undefined>>;
  const calls = client[name];
  if (calls?.submit !== undefined) return calls;
  throw new UsageError(`A task cannot be named ${name}.`);
}

/** The error of the client for an input that does not fit, as one of the command line: nothing was sent. */
export function asUsage(error: unknown): unknown {
  const isInvalid = (error as Partial<InvalidInput> | null)?.code === "invalid_input";
  return isInvalid ? new UsageError(`${(error as InvalidInput).message} --force sends it as it is.`) : error;
}

function assertKnown(name: string, names: readonly string[], whose: string): void {
  if (names.includes(name)) return;
  const similar = similarName(name, names);
  const meant = similar === undefined ? "" : ` Did you mean ${similar}?`;
  const more = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : "";
  const known = names.slice(0, NAMES_SHOWN_MAX).join(", ");
  throw new UsageError(
    `There is no task ${JSON.stringify(name)}.${meant} ${whose}: ${known}${more}. --force submits it all the same.`,
  );
}

function wrongInput(name: string, input: unknown, faults: readonly string[]): UsageError {
  const more = faults.length > FAULTS_SHOWN_MAX ? `; and ${faults.length - FAULTS_SHOWN_MAX} more` : "";
  const what = input === undefined ? "There is no input, and that of the task" : "The input of the task";
  const says = input === undefined ? "has a schema" : "does not fit its schema";
  return new UsageError(
    `${what} ${name} ${says}: ${faults.slice(0, FAULTS_SHOWN_MAX).join("; ")}${more}. --force sends it as it is.`,
  );
}
