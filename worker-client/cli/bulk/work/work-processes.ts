import { Backoff } from "../../../src/isolation/backoff.ts";
import { Failure, UsageError } from "../../base/exit.ts";
import type { FromProcess, ProcessTask } from "./process-messages.ts";
import { WatchedFiles } from "./watched-files.ts";
import { type ProcessEnd, WorkProcess } from "./work-process.ts";

/** How long handlers may go on after a change of their module, in seconds, before their messages are given back. */
const RESTART_SECONDS = 5;

/** How the processes run, and who hears of them. */
export interface ProcessesOptions {
  task: ProcessTask;
  count: number;
  environment: NodeJS.ProcessEnv;
  /** Whether they are restarted when the handler's module, or one that it imports, changes. */
  watches: boolean;
  /** Called with lines for a log. */
  log: (code: string, text: string) => void;
  /** Called when a process has begun. */
  ready: (message: Extract<FromProcess, { kind: "ready" }>) => void;
  finished: (message: Extract<FromProcess, { kind: "finished" }>) => void;
}

/** A place of one process: when it dies, another takes the place. */
interface Place {
  process: WorkProcess | undefined;
  backoff: Backoff;
  /** Runs while a process is waited for that begins later. */
  timer: NodeJS.Timeout | undefined;
  /** Whether the queue was shut down, so that none begins here any more. */
  isOver: boolean;
}

/** The processes of `work`: see `run`. */
export class WorkProcesses {
  readonly #options: ProcessesOptions;
  readonly #places: Place[];
  readonly #watched: WatchedFiles | undefined;
  readonly #finished = Promise.withResolvers<void>();
  #isStopping = false;
  #wasReady = false;
  #failure: Error | undefined;

  constructor(options: ProcessesOptions) {
    this.#options = options;
    this.#places = Array.from({ length: options.count }, () => {
      return { process: undefined, backoff: new Backoff(), timer: undefined, isOver: false };
    });
    if (!options.watches) return;
    this.#watched = new WatchedFiles((path) => this.#restart(path));
    this.#watched.add([options.task.path]);
  }

  /**
   * Starts the processes, and ends when all have: because they were stopped, or the queue was shut down.
   *
   * @throws {UsageError} for a module that is no handler
   * @throws {Failure} for a handler that cannot be loaded, and for what the server refuses
   */
  async run(): Promise<void> {
    for (const place of this.#places) this.#start(place);
    await this.#finished.promise;
    this.#watched?.close();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Lets all finish what is in hand, for so many seconds if they are given. */
  stop(timeoutSeconds?: number): void {
    this.#isStopping = true;
    for (const { process, timer } of this.#places) {
      clearTimeout(timer);
      process?.stop(timeoutSeconds);
    }
    this.#endIfDone();
  }

  /** Lets all give back what is in hand. */
  end(): void {
    this.stop();
    for (const { process } of this.#places) process?.end();
  }

  #start(place: Place): void {
    const { task, environment } = this.#options;
    const process = new WorkProcess(task, environment, (message) => this.#heard(message));
    place.process = process;
    void process.ended.then((end) => {
      place.process = undefined;
      this.#ended(place, process.pid, end);
    });
  }

  #heard(message: FromProcess): void {
    if (message.kind === "ready") {
      this.#wasReady = true;
      this.#options.ready(message);
    }
    if (message.kind === "imports") this.#watched?.add(message.paths);
    if (message.kind === "finished") this.#options.finished(message);
  }

  #ended(place: Place, pid: number | undefined, end: ProcessEnd): void {
    const { last } = end;
    if (last?.kind === "refused") this.#fail(new Failure(last.message, last.code));
    else if (last?.kind === "unusable") this.#unusable(place, last, end);
    else if (last?.kind === "over") place.isOver = true;
    else if (!this.#isStopping) {
      if (end.wasTold) this.#start(place);
      else this.#startLater(place, `Process ${pid ?? ""} ${end.how}`, end);
    }
    this.#endIfDone();
  }

  /** Where files are watched, a handler that cannot be used is waited for until it changes. */
  #unusable(place: Place, { message, status }: { message: string; status: 1 | 2 }, end: ProcessEnd): void {
    if (this.#isStopping) return;
    if (this.#watched !== undefined)
      this.#options.log("handler_unusable", `${message} It is loaded again when it changes.`);
    else if (this.#wasReady) this.#startLater(place, message.replace(/\.$/, ""), end);
    else this.#fail(status === 2 ? new UsageError(message) : new Failure(message, "handler_unusable"));
  }

  #startLater(place: Place, why: string, { livedMs }: ProcessEnd): void {
    const delayMs = place.backoff.next(livedMs);
    this.#options.log("process_died", `${why}. Another one begins in ${delayMs / 1_000} seconds.`);
    place.timer = setTimeout(() => {
      place.timer = undefined;
      this.#start(place);
    }, delayMs);
  }

  /** The first failure ends all. */
  #fail(failure: Error): void {
    if (this.#isStopping) return;
    this.#failure = failure;
    this.stop();
  }

  /** Processes begin anew with the handler as it is now. */
  #restart(path: string): void {
    if (this.#isStopping) return;
    this.#options.log("handler_changed", `${path} has changed: the processes begin anew.`);
    for (const place of this.#places) {
      clearTimeout(place.timer);
      place.timer = undefined;
      if (place.process !== undefined) place.process.stop(RESTART_SECONDS);
      else if (!place.isOver) this.#start(place);
    }
  }

  #endIfDone(): void {
    const isDone = ({ process, isOver }: Place) => process === undefined && (isOver || this.#isStopping);
    if (this.#places.every(isDone)) this.#finished.resolve();
  }
}
