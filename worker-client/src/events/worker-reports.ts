import { type Diagnostics, isHeard, publish } from "../base/diagnostics.ts";
import type { QueueError } from "../base/errors.ts";
import { isPromise } from "../base/platform.ts";
import type { Message, MessageObserver, Settled } from "../message/message.ts";
import type { DeathReason } from "../message/message-view.ts";
import { CRASH_CODE, crashError } from "./crash.ts";
import { errorPrinter, type Print } from "./error-printer.ts";
import { Listeners } from "./listeners.ts";
import { Log, type Logger, taskOf } from "./log.ts";
import { type Line, logEvent } from "./log-event.ts";
import type { Crash, WorkerEventName, WorkerEvents } from "./worker-events.ts";

/** Called with an error, and the message that it is about, if it is about one. See `WorkOptions.onError`. */
export type OnError = (error: unknown, message: Message<unknown> | undefined) => void;

/** Where the reports of a worker go, beside its listeners. */
export interface ReportOptions {
  onError?: OnError | undefined;
  logger?: Logger | undefined;
}

/** So many messages are known as cancelled. */
const CANCELLED_MAX = 20_000;

/** Events that tell what went wrong: each is printed if nothing takes it. */
type Failure = "failed" | "lost" | "crashed" | "error";

/** What a handler has returned. */
type Returned = Pick<WorkerEvents["completed"], "result" | "seconds">;

/**
 * Tells what becomes of a worker's messages, and what goes wrong: to its listeners, the channels for diagnostics, its logger
 * and `onError`; and prints what goes wrong if none of these takes it. Nothing that is called here can throw.
 */
export class WorkerReports implements MessageObserver {
  readonly listeners: Listeners;
  readonly #queue: string;
  readonly #onError: OnError | undefined;
  readonly #log: Log | undefined;
  readonly #print: Print;
  #crashes = 0;
  /** Of handlers that returned and whose acks are not confirmed. Kept only if `completed` is told. */
  readonly #returned = new WeakMap<Message<unknown>, Returned>();
  /** Messages that their handlers have acked by a call. */
  readonly #ackedByCall = new WeakSet<Message<unknown>>();
  readonly #toldLost = new WeakSet<Message<unknown>>();
  /** The ids of messages that the program of this worker has cancelled. */
  readonly #cancelled = new Set<string>();

  constructor(queue: string, { onError, logger }: ReportOptions) {
    this.#queue = queue;
    this.#onError = onError;
    this.#log = logger === undefined ? undefined : new Log(logger);
    this.#print = errorPrinter(queue);
    this.listeners = new Listeners((error, name, event) => this.#listenerFailed(error, name, event));
  }

  /** How many crashes it was told. */
  get crashes(): number {
    return this.#crashes;
  }

  /** The logger that was given. */
  get log(): Log | undefined {
    return this.#log;
  }

  /** The program of this worker cancels jobs: it is no error that they are lost, nor what becomes of their handlers. */
  cancelled(ids: readonly string[]): void {
    for (const id of ids) this.#cancelled.add(id);
    for (const id of this.#cancelled) {
      if (this.#cancelled.size <= CANCELLED_MAX) break;
      this.#cancelled.delete(id);
    }
  }

  /** A handler is about to begin. */
  started(message: Message<unknown>): void {
    message.observer = this;
    message.beganAt = performance.now();
    if (this.#isWanted("started")) this.#tell("started", { message });
  }

  /** Whether anything takes what handlers return. */
  get wantsResults(): boolean {
    return this.#isWanted("completed");
  }

  /** A handler has returned. Its message has completed when its ack is confirmed. */
  returned(message: Message<unknown>, result: unknown): void {
    if (!this.wantsResults) return;
    this.#returned.set(message, { result, seconds: secondsOf(message) });
    if (this.#ackedByCall.has(message)) this.completed(message);
  }

  /** The server has removed a message of which the handler has returned. */
  completed(message: Message<unknown>): void {
    const returned = this.#returned.get(message);
    if (returned === undefined) return;
    this.#returned.delete(message);
    this.#tell("completed", { message, ...returned });
  }

  /** A handler has thrown, or has taken too long. */
  threw(message: Message<unknown>, error: unknown): void {
    if ((message.isLost || message.isSettled) && this.#cancelled.has(message.id)) return;
    const isReason = (message.isLost || message.isSettled) && error === message.signal.reason;
    // Its worker has given it up, and told so.
    if (isReason && !message.isLost) return;
    const kind = message.isLost && isReason ? "lost" : message.isSettled ? "error" : "failed";
    if (kind === "failed") this.#failed(message, error);
    else if (!isReason) this.#tell("error", { error, message });
    this.#report(kind, error, message);
  }

  /** The worker is closed and waits for a handler no longer. Its message is given back, unless it was settled. */
  givenUp(message: Message<unknown>, error: QueueError): void {
    if (this.#cancelled.has(message.id)) return;
    this.#tell("error", { error, message }, { level: "warn" });
    this.#report("error", error, message);
  }

  /** A thread or process that runs handlers has ended without being told to. */
  crashed(crash: Crash): void {
    this.#crashes += 1;
    this.#tell("crashed", crash);
    this.#report("crashed", crashError(this.#queue, crash), undefined, ` ${CRASH_CODE}:`);
  }

  /** The server has answered that a message is visible again, or will be. */
  retrying(message: Message<unknown>, error: unknown): void {
    if (this.#isWanted("retrying")) this.#tell("retrying", { message, error });
  }

  /** The server has answered that a message is dead. */
  dead(message: Message<unknown>, error: unknown, reason: DeathReason): void {
    if (this.#isWanted("dead")) this.#tell("dead", { message, error, reason });
  }

  /** The lease of a message is over whose handler runs. */
  lost(message: Message<unknown>, error: QueueError, isCancelled: boolean): void {
    if (this.#toldLost.has(message)) return;
    this.#toldLost.add(message);
    this.#returned.delete(message);
    if (this.#isWanted("lost")) this.#tell("lost", { message, error, cancelled: isCancelled });
  }

  /** The server has answered that the lease of a message was over. */
  wasLost(message: Message<unknown>): void {
    const error = message.lostError();
    const isCancelled = this.#cancelled.has(message.id);
    this.lost(message, error, isCancelled);
    if (!isCancelled) this.#report("lost", error, message);
  }

  /** Something else went wrong. `what` comes before the error where that is written. */
  error(error: unknown, message?: Message<unknown>, what = ""): void {
    this.#tell("error", { error, message }, { what });
    this.#report("error", error, message, what);
  }

  /** The server cannot be reached for a while, or answers again after that. */
  server(error: QueueError, isBack: boolean): void {
    this.#tell("error", { error, message: undefined }, { level: isBack ? "info" : "error" });
    this.#report("error", error, undefined);
  }

  /** A call of the handler has settled its message. */
  settled(message: Message<unknown>, { verb, isStale, isRepeated, isDead, error }: Settled): void {
    if (isStale && (!isRepeated || verb !== "ack")) {
      if (!isRepeated) this.lost(message, message.lostError(), false);
      return;
    }
    if (verb === "ack") {
      this.#ackedByCall.add(message);
      this.completed(message);
    } else if (verb !== "release") {
      this.#failed(message, error);
      if (verb === "reject") this.dead(message, error, "rejected");
      else if (isDead) this.dead(message, error, "max_attempts");
      else this.retrying(message, error);
    }
  }

  #failed(message: Message<unknown>, error: unknown): void {
    if (this.#isWanted("failed")) this.#tell("failed", { message, error, seconds: secondsOf(message) });
  }

  /** Whether anything takes an event. For speed: most workers tell no event of most messages. */
  #isWanted(name: WorkerEventName): boolean {
    return this.#log !== undefined || this.listeners.has(name) || isHeard(`durable-queue:${name}`);
  }

  #tell<Name extends WorkerEventName>(name: Name, event: WorkerEvents[Name], line?: Line): void {
    if (this.#log !== undefined) logEvent(this.#log, this.#queue, name, event, line);
    const channel = `durable-queue:${name}` as const;
    if (isHeard(channel)) publish(channel, this.#diagnosticsOf(event) as Diagnostics[typeof channel]);
    this.listeners.emit(name, event);
  }

  #diagnosticsOf(event: WorkerEvents[WorkerEventName]): object {
    const { message, result: _, ...fields } = event as Partial<WorkerEvents["completed"]>;
    if (message === undefined) return { queue: this.#queue, ...fields };
    const { id, attempt } = message;
    return { queue: this.#queue, id, attempt, task: taskOf(message), ...fields };
  }

  #report(kind: Failure, error: unknown, message: Message<unknown> | undefined, what = ""): void {
    const onError = this.#onError;
    if (onError === undefined) {
      if (this.#log === undefined && !this.listeners.has(kind)) this.#print(error, message, what);
      return;
    }
    const failed = (failure: unknown) => {
      this.#print(error, message, what);
      this.#print(failure, message, " onError failed:");
    };
    try {
      // An async onError must not end the process by an unhandled rejection.
      const told: unknown = onError(error, message);
      if (isPromise(told)) told.then(undefined, failed);
    } catch (failure) {
      failed(failure);
    }
  }

  /** What a listener of `error` throws is not told to it again. */
  #listenerFailed(error: unknown, name: WorkerEventName, event: WorkerEvents[WorkerEventName]): void {
    const message = "message" in event ? event.message : undefined;
    const what = ` a listener of ${name} failed:`;
    if (name !== "error") {
      this.error(error, message, what);
      return;
    }
    if (this.#log !== undefined) logEvent(this.#log, this.#queue, "error", { error, message }, { what });
    if (this.#onError !== undefined) this.#report("error", error, message, what);
    else if (this.#log === undefined) this.#print(error, message, what);
  }
}

function secondsOf({ beganAt }: Message<unknown>): number {
  return (performance.now() - beganAt) / 1_000;
}
