import { type SignalSource, signalSource, turn } from "../base/platform.ts";

/** The signals by which an operator, or a service manager, ends a process. */
const SIGNALS = ["SIGTERM", "SIGINT"] as const;

/** A worker that ends by a signal. */
export interface SignalledWorker {
  /** Begins to end, and gives back after so many seconds what runs then. Called anew for each further signal. */
  shutDown(timeoutSeconds: number): void;
}

/** The workers of this process that end at a signal: they share one listener of each. */
class ShutdownSignals {
  readonly #host: SignalSource;
  /** With how many seconds each has. */
  readonly #workers = new Map<SignalledWorker, number>();
  /** The first signal that has come, and whether the program listens for it itself. */
  #received: { name: string; isTaken: boolean } | undefined;

  constructor(host: SignalSource) {
    this.#host = host;
  }

  add(worker: SignalledWorker, seconds: number): void {
    if (this.#workers.size === 0) for (const name of SIGNALS) this.#host.prependListener(name, this.#heard);
    this.#workers.set(worker, seconds);
    if (this.#received !== undefined) worker.shutDown(seconds);
  }

  remove(worker: SignalledWorker): void {
    if (!this.#workers.delete(worker) || this.#workers.size > 0) return;
    for (const name of SIGNALS) this.#host.off(name, this.#heard);
    const received = this.#received;
    this.#received = undefined;
    // What waits for the end of the worker comes first.
    if (received?.isTaken === false) turn(() => this.#raise(received.name));
  }

  readonly #heard = (name: string): void => {
    const isFirst = this.#received === undefined;
    // A listener that the program has added with `once` is gone later.
    this.#received ??= { name, isTaken: this.#host.listenerCount(name) > 1 };
    for (const [worker, seconds] of [...this.#workers]) worker.shutDown(isFirst ? seconds : 0);
  };

  /** Does what the signal would have done, unless the program listens for it by now. */
  #raise(name: string): void {
    if (this.#host.listenerCount(name) === 0) this.#host.kill(this.#host.pid, name);
  }
}

let shared: ShutdownSignals | undefined;

/**
 * Ends a worker at SIGTERM and SIGINT. Where there are no signals, as in Workers and browsers, it does nothing.
 *
 * @param seconds how long its handlers may take then
 * @returns call it when the worker has ended: with the last worker the process goes on to do what the signal asked for
 */
export function endAtSignals(worker: SignalledWorker, seconds: number): () => void {
  const process = signalSource();
  if (process === undefined) return () => {};
  shared ??= new ShutdownSignals(process);
  const signals = shared;
  signals.add(worker, seconds);
  return () => signals.remove(worker);
}
