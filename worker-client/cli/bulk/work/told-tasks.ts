import type { Message } from "../../../src/index.ts";
import type { TaskContext, TaskRegistry, TaskSet } from "../../../src/tasks/index.ts";

type AnyTask = TaskSet[string];

/** Runs the handler of a message, and tells what became of it. */
type Handle = <Result>(message: Message<unknown>, run: () => Result, job: string) => Promise<Awaited<Result>>;

/** The names of the tasks that have a handler here. */
export function servedTasks({ tasks }: TaskRegistry): string[] {
  return Object.keys(tasks).filter((name) => tasks[name]?.run !== undefined);
}

/** The same tasks, with handlers that are told of. */
export function withTelling(registry: TaskRegistry, handle: Handle): TaskRegistry {
  const tasks = Object.entries(registry.tasks).map(([name, task]) => [name, toldTask(name, task, handle)]);
  return { ...registry, tasks: Object.fromEntries(tasks) as TaskSet };
}

function toldTask(name: string, task: AnyTask, handle: Handle): AnyTask {
  const { run } = task;
  if (run === undefined) return task;
  return {
    ...task,
    run: (input: never, context: TaskContext) => handle(context.message, () => run(input, context), name),
  };
}
