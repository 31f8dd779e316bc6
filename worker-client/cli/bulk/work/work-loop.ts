import type { QueueError, QueueManager, Worker, WorkOptions } from "../../../src/index.ts";
import { IsolatedWork, type IsolatedWorkOptions } from "../../../src/isolation/isolated-work.ts";
import { Failure, UsageError } from "../../base/exit.ts";
import { WatchedFiles } from "./watched-files.ts";
import type { WorkData, WorkExtra } from "./work-data.ts";

/** How long handlers may go on after a change of their module, in seconds, before their messages are given back. */
const RESTART_SECONDS = 5;

/** How the work is done, and who hears of it. */
export interface LoopOptions {
  manager: QueueManager;
  worker: Pick<WorkOptions, "prefetch" | "leaseSeconds" | "timeoutSeconds">;
  /** What runs the handlers, but for what they load. */
  isolation: Omit<IsolatedWorkOptions, "data" | "isLogged" | "check" | "heard">;
  data: WorkData;
  /** Whether the work begins anew when the handler's module, or one that it imports, changes. */
  watches: boolean;
  /** Called with lines for a log. */
  log: (code: string, text: string) => void;
  /** Called when a worker has begun: on these tasks, if there are tasks. */
  began: (worker: Worker, queue: string, tasks: readonly string[] | undefined) => void;
}

/** The work of the command `work`: a worker here, and threads or processes that run its handlers. */
export class WorkLoop {
  readonly #options: LoopOptions;
  readonly #watched: WatchedFiles | undefined;
  #worker: Worker | undefined;
  #isStopping = false;
  /** Whether handlers are not waited for. */
  #isEnding = false;
  #hasChanged = false;
  /** Ends the wait for a handler that is loaded, or that is to be mended. */
  #interrupted = Promise.withResolvers<void>();
  /** Of the last handler that could not be used: the status with which the command ends. */
  #status: 1 | 2 = 1;

  constructor(options: LoopOptions) {
    this.#options = options;
    if (!options.watches) return;
    this.#watched = new WatchedFiles((path) => this.#restart(path));
    this.#watched.add([options.data.path]);
  }

  /**
   * Works until it is stopped, or the queue was shut down and is empty.
   *
   * @throws {UsageError} for a module that is no handler
   * @throws {Failure} for a handler that cannot be loaded
   * @throws {QueueError} for what the server refuses
   */
  async run(): Promise<void> {
    try {
      do {
        this.#hasChanged = false;
        this.#interrupted = Promise.withResolvers<void>();
        await this.#once();
      } while (this.#hasChanged && !this.#isStopping);
    } finally {
      this.#watched?.close();
    }
  }

  /** Lets handlers finish what is in hand, for so many seconds if they are given. */
  stop(timeoutSeconds?: number): void {
    this.#isStopping = true;
    this.#end(timeoutSeconds);
  }

  /** Gives back what is in hand, and ends at once. */
  end(): void {
    this.#isEnding = true;
    this.stop(0);
  }

  async #once(): Promise<void> {
    if (this.#isStopping) return;
    const work = this.#newWork();
    const ready = await Promise.race([this.#loaded(work), this.#interrupted.promise]);
    if (ready === undefined || this.#isStopping) {
      await work.kill();
      return;
    }
    const { queue, tasks } = ready;
    const worker = this.#startedOn(queue, work);
    this.#worker = worker;
    this.#options.began(worker, queue, tasks);
    try {
      // It may be that the handler has changed while it was loaded.
      if (this.#hasChanged) this.#end(RESTART_SECONDS);
      await worker.finished;
    } finally {
      this.#worker = undefined;
    }
  }

  #newWork(): IsolatedWork {
    const { isolation, data } = this.#options;
    return new IsolatedWork({
      ...isolation,
      data,
      isLogged: false,
      heard: (extra) => this.#heard(extra as WorkExtra),
    });
  }

  /** What was loaded. Where files are watched, a handler that cannot be used is waited for until it changes. */
  async #loaded(work: IsolatedWork) {
    try {
      return await work.launch();
    } catch (error) {
      const { message } = error as QueueError;
      if (this.#watched === undefined) {
        throw this.#status === 2 ? new UsageError(message) : new Failure(message, "handler_unusable");
      }
      this.#options.log("handler_unusable", `${message} It is loaded again when it changes.`);
      await this.#interrupted.promise;
      return undefined;
    }
  }

  #startedOn(queue: string, work: IsolatedWork): Worker {
    const { manager, worker: options } = this.#options;
    const started = manager.queue(queue).startWork((calls, reports) => {
      work.attach(calls, reports);
      return {
        handler: work.handler,
        timeoutSecondsOf: work.timeoutSecondsOf,
        get capacity() {
          return work.capacity;
        },
        connected: work.connected,
        start: (events) => work.start(events),
        stop: () => work.stop(),
        end: () => (this.#isEnding ? work.kill() : work.end()),
      };
    }, options);
    return started;
  }

  #heard(extra: WorkExtra): void {
    if (extra.kind === "imports") this.#watched?.add(extra.paths);
    else this.#status = extra.status;
  }

  /** The work begins anew with the handler as it is now. */
  #restart(path: string): void {
    if (this.#isStopping) return;
    this.#options.log("handler_changed", `${path} has changed: the processes begin anew.`);
    this.#hasChanged = true;
    this.#end(RESTART_SECONDS);
  }

  #end(timeoutSeconds: number | undefined): void {
    this.#interrupted.resolve();
    // What ends the worker otherwise is told by its `finished`.
    this.#worker?.close(timeoutSeconds === undefined ? {} : { timeoutSeconds }).catch(() => undefined);
  }
}
