import { WorkerReports } from "../events/worker-reports.ts";
import type { PoolParts } from "../pools/engine.ts";
import { Executor } from "../pools/executor.ts";
import { Pool } from "../pools/pool.ts";
import { type PoolOptions, workOptionsOf } from "../pools/pool-options.ts";
import { checkTaskName, type InputOf, type ResultOf, type TaskRegistry } from "../tasks/registry.ts";
import { checkedRegistry } from "./checked-registry.ts";
import { poolJobsOf } from "./pool-jobs-of.ts";
import { TaskManager } from "./task-manager.ts";

/** How many inputs are thought to be worked on at the same time where workers are elsewhere. */
const WORKERS_ELSEWHERE = 4;

/** What managers of queues have for tasks where processes can be started. */
export abstract class PoolManager extends TaskManager {
  /**
   * A pool of workers for one task, as Python's `multiprocessing.Pool`: `await pool.map(inputs)`. With the registry it starts
   * workers; with its type alone, and the name of its queue, workers elsewhere do the work:
   * `manager.pool<typeof tasks>("images", "resize")`. Workers of a pool serve the queue: also jobs that others submit.
   *
   * @throws {TypeError} for an option that there is not, or a task that the registry does not have
   * @throws {RangeError} for a number out of its range
   */
  pool<Registry extends TaskRegistry, Name extends keyof Registry["tasks"] & string>(
    registry: Registry,
    task: Name,
    options?: PoolOptions,
  ): Pool<InputOf<Registry["tasks"][Name]>, ResultOf<Registry["tasks"][Name]>>;
  pool<Registry extends TaskRegistry, Name extends keyof Registry["tasks"] & string = keyof Registry["tasks"] & string>(
    queue: Registry["queue"],
    task: Name,
    options?: PoolOptions,
  ): Pool<InputOf<Registry["tasks"][Name]>, ResultOf<Registry["tasks"][Name]>>;
  pool(registry: TaskRegistry | string, task: string, options: PoolOptions = {}): Pool<never, never> {
    checkTaskName(task);
    if (typeof registry !== "string") {
      const { queue, tasks } = checkedRegistry("pool()", registry);
      if (!Object.hasOwn(tasks, task)) {
        const names = Object.keys(tasks).join(", ");
        throw new TypeError(`The registry of ${queue} has no task ${JSON.stringify(task)}. It has: ${names}.`);
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
    const known = typeof registry === "string" ? undefined : checkedRegistry("executor()", registry);
    return new Executor<Registry["tasks"]>(known, this.#partsOf("executor()", "The executor", registry, options));
  }

  #partsOf(call: string, what: string, registry: TaskRegistry | string, options: PoolOptions): PoolParts {
    const known = typeof registry === "string" ? undefined : registry;
    const work = workOptionsOf(call, options, known !== undefined);
    const queue = this.queue(known === undefined ? (registry as string) : known.queue);
    return {
      name: `${what} (queue ${queue.name})`,
      jobs: poolJobsOf(queue, known),
      reports: new WorkerReports(queue.name, options),
      worker: work === undefined || known === undefined ? undefined : this.work(known, work.options),
      workers: work?.workers ?? WORKERS_ELSEWHERE,
    };
  }
}
