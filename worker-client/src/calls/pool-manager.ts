import { assertNoRunner } from "../base/runner-marker.ts";
import { isolatedTasks } from "../isolation/isolated-tasks.ts";
import { ISOLATION_OPTIONS, isolationOf, type TaskWorkOptions } from "../isolation/isolation-options.ts";
import type { TaskRegistry } from "../tasks/registry.ts";
import { checkWorkOptions } from "../workers/work-options.ts";
import type { Worker } from "../workers/worker.ts";
import { checkRegistry, TaskManager } from "./task-manager.ts";

/** How long handlers in threads and processes may go on after SIGTERM or SIGINT, in seconds, unless an option says it. */
const SHUTDOWN_SECONDS = 10;

/** What managers of queues have for tasks whose handlers can run in threads and processes. */
export abstract class PoolManager extends TaskManager {
  /**
   * Works on the jobs of a registry: gives each to the handler of its task, and the queue what that returns, for those that
   * await the result. An input that does not fit its schema is rejected at once, as is a result that does not fit, has no
   * JSON form or is too large; an error that the handler throws is followed by another attempt. Jobs of tasks that the
   * registry does not have are left to other workers. Ends as the worker of `Queue.work` does.
   *
   * With `processes` or `isolation` the handlers run in child processes or threads, which load the registry's `module`. One
   * that ends before its handler is replaced, and the attempt counts. If none can load the tasks, `finished` rejects
   * with the code `handler_unusable`.
   *
   * @throws {TypeError} for a wrong option; with `isolation` also for a registry without `module`
   * @throws {RangeError} for an option out of its range
   * @throws {QueueError} `handler_unusable` in a module that is loaded by a thread or process for handlers
   */
  override work(registry: TaskRegistry, options: TaskWorkOptions = {}): Worker {
    checkRegistry("work()", registry);
    assertNoRunner("work()");
    const { isolation: _, processes: __, maxTasksPerProcess: ___, ...rest } = options;
    checkWorkOptions(options, ISOLATION_OPTIONS);
    const isolated = isolationOf(options);
    if (isolated === undefined) return super.work(registry, rest);
    const work = isolatedTasks(registry, isolated, rest);
    return this.queue(registry.queue).startWork((calls, reports) => work.attach(calls, reports), {
      ...rest,
      shutdownSeconds: rest.shutdownSeconds ?? SHUTDOWN_SECONDS,
    });
  }
}
