import { assertNoRunner } from "../base/runner-marker.ts";
import { WorkerReports } from "../events/worker-reports.ts";
import { isolatedTasks } from "../isolation/isolated-tasks.ts";
import { ISOLATION_OPTIONS, isolationOf, type TaskWorkOptions } from "../isolation/isolation-options.ts";
import type { PoolParts } from "../pools/engine.ts";
import { Executor } from "../pools/executor.ts";
import { Pool } from "../pools/pool.ts";
import { type PoolOptions, workOptionsOf } from "../pools/pool-options.ts";
import { checkTaskName, type InputOf, type ResultOf, type TaskRegistry, taskOf } from "../tasks/registry.ts";
import { checkWorkOptions } from "../workers/work-options.ts";
import type { Worker } from "../workers/worker.ts";
import { poolJobsOf } from "./pool-jobs-of.ts";
import { checkRegistry, startTasks, TaskManager } from "./task-manager.ts";

/** How long handlers in threads and processes may go on after SIGTERM or SIGINT, in seconds, unless an option says it. */
const SHUTDOWN_SECONDS = 10;

/**
 * How much work may wait in the worker of a pool, in milliseconds of handlers: about a round trip to the server of a chunk
 * that is large, and its result.
 */
const POOL_WAITING_MS = 20;

/** How many inputs are thought to be worked on at the same time where workers are elsewhere. */
const WORKERS_ELSEWHERE = 4;

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
    return this.#start(registry, options);
  }

  /** @param reports those of its pool; undefined for its own */
  #start(registry: TaskRegistry, options: TaskWorkOptions, reports?: WorkerReports): Worker {
    const { isolation: _, processes: __, maxTasksPerProcess: ___, ...rest } = options;
    checkWorkOptions(options, ISOLATION_OPTIONS);
    const isolated = isolationOf(options);
    const queue = this.queue(registry.queue);
    if (isolated === undefined) return startTasks(queue, registry, rest, reports);
    const work = isolatedTasks(registry, isolated, rest, reports === undefined ? undefined : POOL_WAITING_MS);
    const { shutdownSeconds = SHUTDOWN_SECONDS } = rest;
    return queue.startWork((calls, told) => work.attach(calls, told), { ...rest, shutdownSeconds }, reports);
  }

  /**
   * A pool of workers for one task, as Python's `multiprocessing.Pool`: `await pool.map(inputs)`. With the registry it starts
   * workers; with its type alone, and the names of its queue and of the task, workers elsewhere do the work:
   * `manager.pool<typeof tasks, "resize">("images", "resize")`. Workers of a pool serve the queue: also jobs that others submit.
   *
   * @throws {TypeError} for an option that there is not, or a task that the registry does not have
   * @throws {RangeError} for a number out of its range
   */
  pool<Registry extends TaskRegistry, Name extends keyof Registry["tasks"] & string>(
    registry: Registry,
    task: Name,
    options?: PoolOptions,
  ): Pool<InputOf<Registry["tasks"][Name]>, ResultOf<Registry["tasks"][Name]>>;
  pool<Registry extends TaskRegistry, Name extends keyof Registry["tasks"] & string>(
    queue: Registry["queue"],
    task: Name,
    options?: PoolOptions,
  ): Pool<InputOf<Registry["tasks"][Name]>, ResultOf<Registry["tasks"][Name]>>;
  pool(registry: TaskRegistry | string, task: string, options: PoolOptions = {}): Pool<never, never> {
    checkTaskName(task);
    if (typeof registry !== "string") {
      checkRegistry("pool()", registry);
      if (taskOf(registry, task).run === undefined && options.processes !== 0) {
        throw new TypeError(
          `The task ${task} of ${registry.queue} has no handler here, so that the pool cannot start workers for it: give processes: 0 if workers elsewhere have it, or task() the option run.`,
        );
      }
    }
    return new Pool(task, this.#partsOf("pool()", `The pool of ${task}`, registry, options));
  }

  /**
   * Workers for all tasks of a registry, as Python's `concurrent.futures.Executor`: `executor.submit("square", 7)`. As `pool`
   * otherwise.
   */
  executor<Registry extends TaskRegistry>(
    registry: Registry | Registry["queue"],
    options: PoolOptions = {},
  ): Executor<Registry["tasks"]> {
    const known = typeof registry === "string" ? undefined : registry;
    if (known !== undefined) checkRegistry("executor()", known);
    return new Executor<Registry["tasks"]>(known, this.#partsOf("executor()", "The executor", registry, options));
  }

  #partsOf(call: string, what: string, registry: TaskRegistry | string, options: PoolOptions): PoolParts {
    assertNoRunner(call);
    const known = typeof registry === "string" ? undefined : registry;
    const work = workOptionsOf(call, options, known !== undefined);
    const queue = this.queue(known === undefined ? (registry as string) : known.queue);
    const reports = new WorkerReports(queue.name, options);
    return {
      name: `${what} (queue ${queue.name})`,
      jobs: poolJobsOf(queue, known),
      reports,
      worker: work === undefined || known === undefined ? undefined : this.#start(known, work.options, reports),
      workers: work?.workers ?? WORKERS_ELSEWHERE,
    };
  }
}
