import { Closed, type QueueError, ShutDown } from "../base/errors.ts";
import { Timer } from "../base/platform.ts";
import { endAtSignals, type SignalledWorker } from "./shutdown-signals.ts";
import type { WorkOptions } from "./work-options.ts";

/** How long a worker that gives up on its handlers tries to give their messages back, in milliseconds. */
const GIVE_BACK_MS = 800;

/** The parts of a worker that end. */
export interface EndingWorker extends SignalledWorker {
  /** Asks for no more messages: `ended` is called when none can come. */
  stop(): void;
  /** No other handler begins. */
  stopWork(): void;
  /** Gives back what waits. */
  giveBackWaiting(): void;
  /** Gives back the messages whose handlers run, and waits for these no longer. */
  giveUp(error: Closed): void;
  /** Ends the calls that are not answered. No handler is waited for any more. */
  abandon(error: Closed): void;
  /** Ends what runs handlers, if there is such a thing. */
  endWork(): Promise<void> | undefined;
  /** Closes the connection. The worker has ended. */
  leave(): void;
  /** Looks whether nothing is in hand, and calls `quiet` if so. */
  look(): void;
}

/** How a worker ends: it takes nothing more, has nothing in hand, ends what it has started, and has finished. */
export class Ending {
  readonly #finished = Promise.withResolvers<void>();
  readonly finished: Promise<void> = this.#finished.promise;
  readonly #queue: string;
  readonly #worker: EndingWorker;
  readonly #signal: AbortSignal | undefined;
  readonly #shutdownSeconds: number | undefined;
  readonly #stop = () => this.stop();
  #forgetSignals = () => {};
  #isStarted = false;
  #isStopping = false;
  #hasGivenUp = false;
  #isFinishing = false;
  #closing: Timer | undefined;
  #failure: QueueError | undefined;
  #end: { error: QueueError | undefined } | undefined;

  constructor(queue: string, { signal, shutdownSeconds }: WorkOptions, worker: EndingWorker) {
    this.#queue = queue;
    this.#worker = worker;
    this.#signal = signal;
    this.#shutdownSeconds = shutdownSeconds;
  }

  /** Whether nothing more is taken. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Whether no message can come any more. */
  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Call this when the worker has begun to ask for messages. */
  started(): void {
    this.#isStarted = true;
    if (this.#signal?.aborted || this.#failure !== undefined) this.stop();
    this.#signal?.addEventListener("abort", this.#stop, { once: true });
    if (this.#shutdownSeconds !== undefined) this.#forgetSignals = endAtSignals(this.#worker, this.#shutdownSeconds);
  }

  stop(): void {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#worker.stopWork();
    this.#worker.stop();
  }

  /** The worker ends, and `finished` rejects with this. */
  fail(error: QueueError): void {
    this.#failure ??= error;
    if (this.#isStarted) this.stop();
  }

  /** Gives up on handlers after so many seconds; the last call counts. */
  limit(seconds: number): void {
    if (this.#hasGivenUp || this.#isFinishing) return;
    this.#closing?.clear();
    this.#closing = new Timer(seconds * 1_000, () => this.#giveUp());
  }

  /** No message comes any more; the error is undefined if that was asked for. */
  ended(error: QueueError | undefined): void {
    if (this.#end !== undefined) return;
    // A worker that is closing expects that its connection was closed.
    const isInOrder = error instanceof ShutDown || (this.#isStopping && error instanceof Closed);
    this.#end = { error: this.#failure ?? (isInOrder ? undefined : error) };
    this.#isStopping = true;
    this.#worker.giveBackWaiting();
    this.#worker.look();
  }

  /** Nothing is in hand, and the server has answered to all that was settled. */
  quiet(): void {
    if (this.#end !== undefined) void this.#finish();
  }

  /** The time for closing has passed. */
  #giveUp(): void {
    const queue = this.#queue;
    this.#hasGivenUp = true;
    this.#worker.giveUp(new Closed(`The worker of ${queue} was closed before its handler had ended.`, { queue }));
    this.ended(undefined);
    // A message that cannot be given back by then is redelivered when its lease ends.
    if (!this.#isFinishing) this.#closing = new Timer(GIVE_BACK_MS, () => void this.#finish());
  }

  async #finish(): Promise<void> {
    if (this.#isFinishing) return;
    this.#isFinishing = true;
    const queue = this.#queue;
    this.#closing?.clear();
    this.#worker.abandon(new Closed(`The worker of ${queue} was closed.`, { queue }));
    this.#signal?.removeEventListener("abort", this.#stop);
    const ended = this.#worker.endWork();
    // Without anything to end, the worker has ended in this turn.
    if (ended !== undefined) await ended;
    this.#worker.leave();
    const error = this.#end?.error;
    if (error === undefined) this.#finished.resolve();
    else this.#finished.reject(error);
    this.#forgetSignals();
  }
}
