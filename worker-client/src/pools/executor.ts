import { checkBoolean, checkOptions, type Known } from "../base/check-options.ts";
import { JobCancelled } from "../base/job-errors.ts";
import {
  checkTaskName,
  type InputOf,
  type ResultOf,
  type TaskRegistry,
  type TaskSet,
  taskOf,
} from "../tasks/registry.ts";
import type { Chunk } from "./chunk.ts";
import { Ending } from "./ending.ts";
import { Engine, type PoolParts } from "./engine.ts";
import { Future } from "./future.ts";
import type { Inputs } from "./input-reader.ts";
import { errorAt, type OutcomeSink } from "./outcomes.ts";
import type { InputArguments } from "./pool.ts";
import type { PoolIterator } from "./pool-iterator.ts";
import type { PoolJobs } from "./pool-jobs.ts";
import { type ExecutorMapOptions, executorMapRulesOf } from "./pool-options.ts";

/** The options of `Executor.shutdown`. */
export interface ExecutorShutdownOptions {
  /** Whether to wait until all futures have ended, and the workers. Default true. */
  wait?: boolean | undefined;
  /**
   * Whether to cancel the futures with which no worker has begun, and those of `map`, which reads no more inputs. Default false.
   */
  cancelFutures?: boolean | undefined;
}

const SHUTDOWN_OPTIONS: Known<ExecutorShutdownOptions> = { wait: true, cancelFutures: true };

/** How many jobs are cancelled at a time. */
const CANCELS_MAX = 50;

/**
 * Workers for the tasks of a registry, with the calls of Python's `concurrent.futures.Executor`.
 *
 * @example
 * await using executor = manager.executor(tasks);
 * const future = executor.submit("square", 7);
 */
export class Executor<Tasks extends TaskSet = TaskSet> {
  readonly #engine: Engine;
  readonly #jobs: PoolJobs;
  readonly #registry: TaskRegistry | undefined;

  /**
   * @internal Executors come from `QueueManager.executor`.
   *
   * @param registry undefined where only its types are known
   */
  constructor(registry: TaskRegistry | undefined, parts: PoolParts) {
    this.#registry = registry;
    this.#jobs = parts.jobs;
    this.#engine = new Engine(parts);
  }

  /**
   * Calls a task. The future is here at once, before the queue has stored the job.
   *
   * @throws {Closed} after `shutdown()`
   * @throws {TypeError} for a task that the registry does not have
   */
  submit<Name extends keyof Tasks & string>(
    task: Name,
    ...args: InputArguments<InputOf<Tasks[Name]>>
  ): Future<ResultOf<Tasks[Name]>> {
    this.#engine.assertRunning();
    this.#checkTask(task);
    const ending = new Ending<unknown>();
    const sink: OutcomeSink = {
      took(outcomes) {
        const failure = errorAt(outcomes, 0);
        if (failure === undefined) ending.resolve(outcomes.values[0]);
        else ending.reject(failure.error);
      },
    };
    const chunk = this.#engine.submit(task, args[0], sink);
    const future = new Future<unknown>({
      ...{ task, ending, chunk, queue: this.#jobs.queue },
      cancel: (cancelled) => this.#cancel(cancelled),
      follow: (followed) => this.#follow(followed),
      call: (callback, value) => this.#engine.call("a callback of a future", callback, value),
    });
    return future as Future<ResultOf<Tasks[Name]>>;
  }

  /**
   * The results of inputs, in their order, as they are there. Inputs are read, and submitted, as results are read: at most
   * `bufferSize` are ahead.
   *
   * @throws {Closed} after `shutdown()`
   */
  map<Name extends keyof Tasks & string>(
    task: Name,
    inputs: Inputs<InputOf<Tasks[Name]>>,
    options: ExecutorMapOptions = {},
  ): PoolIterator<ResultOf<Tasks[Name]>> {
    this.#engine.assertRunning();
    this.#checkTask(task);
    const { timeoutSeconds } = options;
    const ends = { timeoutSeconds, endsWithError: true };
    const rules = { call: "map()", task, isOrdered: true, ...ends, ...executorMapRulesOf(options) };
    return this.#engine.iterate(inputs, rules) as PoolIterator<unknown> as PoolIterator<ResultOf<Tasks[Name]>>;
  }

  /** Takes no more calls, and ends its workers when those that were made have ended. */
  async shutdown(options: ExecutorShutdownOptions = {}): Promise<void> {
    checkOptions("shutdown()", options, SHUTDOWN_OPTIONS);
    const { wait = true, cancelFutures = false } = options;
    checkBoolean("wait", wait);
    checkBoolean("cancelFutures", cancelFutures);
    this.#engine.close();
    const cancelled = cancelFutures ? this.#cancelAll() : undefined;
    if (!wait) return;
    await cancelled;
    await this.#engine.join();
  }

  /**
   * Ends at once, with its workers. What has not ended is cancelled, and `Closed` is thrown to those that wait for it.
   * Processes are killed.
   */
  terminateWorkers(): Promise<void> {
    return this.#engine.terminate();
  }

  /** As `terminateWorkers`: there is no gentler way of which a worker would hear. */
  killWorkers(): Promise<void> {
    return this.#engine.terminate();
  }

  /** `shutdown`, as at the end of Python's `with`: it waits. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  #checkTask(task: string): void {
    checkTaskName(task);
    if (this.#registry !== undefined) taskOf(this.#registry, task);
  }

  async #cancel(chunk: Chunk): Promise<boolean> {
    const { queue } = this.#jobs;
    if (chunk.isSent && chunk.id === undefined) await chunk.stored;
    if (chunk.isOver) return false;
    const { id = "", task } = chunk;
    if (id !== "" && ((await this.#jobs.hasBegun(id)) || !(await this.#jobs.cancel(id)))) return false;
    // The queue says so too, later.
    if (!chunk.isOver) chunk.fail(new JobCancelled({ queue, job: { id, task } }));
    return true;
  }

  async #cancelAll(): Promise<void> {
    const chunks = this.#engine.stopReading();
    let next = 0;
    const cancelSome = async () => {
      for (let chunk = chunks[next]; chunk !== undefined; chunk = chunks[next]) {
        next += 1;
        await this.#cancel(chunk).catch((error: unknown) => this.#engine.report(error, " a future was not cancelled:"));
      }
    };
    await Promise.all(Array.from({ length: Math.min(CANCELS_MAX, chunks.length) }, cancelSome));
  }

  /** From now on the queue tells when a worker begins with it. */
  #follow(chunk: Chunk): void {
    void chunk.stored.then(() => {
      if (chunk.id === undefined || chunk.isOver) return;
      const leave = this.#jobs.watch(chunk.id, {
        wantsAll: true,
        heard: (view) => {
          chunk.isRunning = view.state === "running";
        },
        failed: () => undefined,
      });
      const leaveMain = chunk.leave;
      chunk.leave = () => {
        leave();
        leaveMain?.();
      };
    });
  }
}
