import { shown } from "../base/check-options.ts";
import type { WorkerReports } from "../events/worker-reports.ts";
import { TaskWork } from "../jobs/task-work.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import type { TaskRegistry } from "../tasks/registry.ts";
import { checkWorkOptions, type WorkOptions } from "../workers/work-options.ts";
import type { Worker } from "../workers/worker.ts";
import type { Queue } from "./queue.ts";
import { type TaskClient, taskClient } from "./task-client.ts";

/** What all managers of queues have for tasks. */
export abstract class TaskManager {
  abstract queue<Item = unknown>(name: string): Queue<Item>;

  /**
   * The client of the tasks of a registry: `client.resize.submit(input)`. With the registry it checks inputs; with its
   * type alone, and the name of its queue, workers check them: `manager.tasks<typeof tasks>("images")`, for which
   * `import type` is enough. Sends nothing yet.
   */
  tasks<Registry extends TaskRegistry>(registry: Registry | Registry["queue"]): TaskClient<Registry["tasks"]> {
    if (typeof registry === "string") return taskClient<Registry["tasks"]>(this.queue(registry), undefined);
    checkRegistry("tasks()", registry);
    return taskClient<Registry["tasks"]>(this.queue(registry.queue), registry);
  }

  /**
   * Works on the jobs of a registry: gives each to the handler of its task, and the queue what that returns, for those that
   * await the result. An input that does not fit its schema is rejected at once, as is a result that does not fit, has no
   * JSON form or is too large; an error that the handler throws is followed by another attempt. Jobs of tasks that the
   * registry does not have are left to other workers. Ends as the worker of `Queue.work` does.
   */
  work(registry: TaskRegistry, options: WorkOptions = {}): Worker {
    checkRegistry("work()", registry);
    checkWorkOptions(options);
    return startTasks(this.queue(registry.queue), registry, options);
  }
}

/** Starts a worker whose handlers run in the event loop of this process. */
export function startTasks(
  queue: Queue,
  registry: TaskRegistry,
  options: WorkOptions,
  reports?: WorkerReports | undefined,
): Worker {
  const workOf = (calls: QueueCalls, told: WorkerReports) => {
    const work = new TaskWork(registry, calls, told);
    work.announce();
    return work;
  };
  return queue.startWork(workOf, options, reports);
}

/** Throws a `TypeError` for what is no registry. */
export function checkRegistry(call: string, registry: unknown): void {
  const { queue, tasks } = (typeof registry === "object" && registry !== null ? registry : {}) as Partial<TaskRegistry>;
  if (typeof queue === "string" && typeof tasks === "object") return;
  throw new TypeError(`${call} takes what defineTasks() has made, not ${shown(registry)}.`);
}
