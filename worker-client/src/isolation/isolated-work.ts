import { CHUNK_HEADER, TASK_HEADER } from "../../../src/contract/limits.ts";
import type { QueueError } from "../base/errors.ts";
import type { WorkerReports } from "../events/worker-reports.ts";
import type { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import type { Verdict } from "../workers/verdict.ts";
import type { Work, WorkEvents } from "../workers/work.ts";
import type { ChildOptions } from "./child.ts";
import type { ResolvedIsolation } from "./isolation-options.ts";
import { assertStartable } from "./program.ts";
import type { Ready } from "./protocol.ts";
import type { RunnerEvents } from "./runner-link.ts";
import { receivedError } from "./sent-errors.ts";
import { startChild } from "./start-child.ts";
import { Supervisor } from "./supervisor.ts";

/** More tasks that are not served are told of again. */
const TOLD_MAX = 1_000;

/** What threads or processes run. */
export interface IsolatedWorkOptions extends ResolvedIsolation, ChildOptions {
  /** How many messages each works on at the same time. */
  concurrency: number;
  /** Whether messages may wait in a thread or process, where its handlers take a moment only. */
  sendsAhead: boolean;
  /** How much work may wait in the worker, in milliseconds of handlers. Undefined: as for any worker. */
  waitingMs?: number | undefined;
  /** What the program is given at its start, as JSON. */
  data: unknown;
  /** Whether what handlers log comes here, and is not printed by the program. */
  isLogged: boolean;
  /** What is wrong about what a program has loaded, as a sentence; undefined if nothing is. */
  check?(ready: Ready): string | undefined;
  /** Called with what the program says for this one. */
  heard?(extra: unknown): void;
}

/**
 * What a worker does whose handlers run in threads or processes: it gives each message to one of these, and awaits what
 * became of it. Leases are renewed here, so that a handler may block for as long as it takes.
 */
export class IsolatedWork implements Work {
  readonly #options: IsolatedWorkOptions;
  readonly #loaded = Promise.withResolvers<Ready>();
  readonly #toldTasks = new Set<string>();
  #supervisor: Supervisor | undefined;
  #worker: { calls: QueueCalls; reports: WorkerReports } | undefined;
  #events: WorkEvents | undefined;
  #ready: Ready | undefined;
  #failure: QueueError | undefined;
  #announced = "";

  /** @throws {TypeError} where the program cannot be started */
  constructor(options: IsolatedWorkOptions) {
    assertStartable(options.isolation, options.program);
    this.#options = options;
    this.#loaded.promise.catch(() => undefined);
  }

  /** The worker by which it works: called once. */
  attach(calls: QueueCalls, reports: WorkerReports): this {
    this.#worker = { calls, reports };
    this.#announce();
    return this;
  }

  /**
   * Starts the threads or processes, unless they are: `start` does it too. Answers with what the first one has loaded.
   *
   * @throws {QueueError} `handler_unusable`
   */
  launch(): Promise<Ready> {
    const { isolation, maxTasksPerProcess: tasksMax, concurrency, sendsAhead, data, isLogged } = this.#options;
    this.#supervisor ??= new Supervisor(
      {
        count: this.#options.processes,
        open: (events) => startChild(isolation, this.#options, events),
        concurrency,
        tasksMax,
        sendsAhead,
        start: { data, isLogged },
      },
      {
        ready: (ready) => this.#wasLoaded(ready),
        changed: () => this.#events?.changed(),
        crashed: (crash) => this.#events?.crashed(crash),
        failed: (error) => this.#failed(error),
        unusable: (error) => this.#worker?.reports.error(error),
        said: (said, message) => this.#heard(said, message),
      },
    );
    return this.#loaded.promise;
  }

  readonly handler = (message: Message<unknown>): Promise<Verdict | undefined> => {
    if (this.#supervisor === undefined) throw new Error("No thread or process was started.");
    return this.#supervisor.run(message);
  };

  readonly timeoutSecondsOf = ({ headers }: Message<unknown>, ofWorker: number | undefined): number | undefined => {
    const seconds = this.#ready?.timeouts[headers[TASK_HEADER] ?? ""] ?? ofWorker;
    // It is for each input.
    return seconds === undefined ? undefined : seconds * Number(headers[CHUNK_HEADER] ?? 1);
  };

  readonly connected = (): void => {
    this.#supervisor?.connected();
  };

  get waitingMs(): number | undefined {
    return this.#options.waitingMs;
  }

  get capacity(): number {
    return this.#supervisor?.capacity ?? 0;
  }

  start(events: WorkEvents): void {
    this.#events = events;
    if (this.#failure !== undefined) events.failed(this.#failure);
    else void this.launch();
  }

  /** Starts no more of them. */
  stop(): void {
    this.#supervisor?.stop();
  }

  /** Ends the threads and processes when their handlers have ended; those that take long are killed. */
  async end(): Promise<void> {
    await this.#supervisor?.end();
  }

  /** Ends the threads and processes at once, whatever they do. */
  async kill(): Promise<void> {
    await this.#supervisor?.kill();
  }

  #wasLoaded(ready: Ready): string | undefined {
    const wrong = this.#options.check?.(ready);
    if (wrong !== undefined) return wrong;
    this.#ready = ready;
    this.#loaded.resolve(ready);
    this.#announce();
    return undefined;
  }

  #failed(error: QueueError): void {
    this.#failure = error;
    this.#loaded.reject(error);
    this.#events?.failed(error);
  }

  /** Tells the queue which tasks are served. It is only shown, so that nothing depends on it. */
  #announce(): void {
    if (this.#worker === undefined || this.#ready?.tasks === undefined) return;
    const { announced } = this.#ready;
    const text = JSON.stringify(announced);
    if (text === this.#announced) return;
    this.#announced = text;
    this.#worker.calls.send("announce", { request: { tasks: announced } }).catch(() => undefined);
  }

  #heard(said: Parameters<RunnerEvents["said"]>[0], message: Message<unknown> | undefined): void {
    const reports = this.#worker?.reports;
    if (said.kind === "extra") this.#options.heard?.(said.extra);
    else if (said.kind === "log") reports?.log?.write(said.level, said.text, said.details);
    else if (said.error.code !== "unknown_task") reports?.error(receivedError(said.error), message);
    else this.#tellUnknown(said.error, message);
  }

  /** Each thread or process says which tasks it does not serve: it is told once. */
  #tellUnknown(error: Parameters<typeof receivedError>[0], message: Message<unknown> | undefined): void {
    const text = JSON.stringify(error.parts);
    if (this.#toldTasks.has(text)) return;
    if (this.#toldTasks.size === TOLD_MAX) this.#toldTasks.clear();
    this.#toldTasks.add(text);
    this.#worker?.reports.error(receivedError(error), message);
  }
}
