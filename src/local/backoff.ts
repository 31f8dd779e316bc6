/** The wait before the first new start, in milliseconds; each further one is twice as long. */
const BACKOFF_FIRST_MS = 200;

/** The longest wait: a server whose trouble has gone answers again within ten seconds, its start included. */
const BACKOFF_MAX_MS = 8_000;

/** A server that served so long has no trouble any more: the next wait is the first one again. In milliseconds. */
const STEADY_MS = 60_000;

/** How long to wait before a server that ended is started again. */
export class Backoff {
  #nextMs = BACKOFF_FIRST_MS;

  /** The wait, in milliseconds, after a server that served for `servedMs`; 0 for one that could not start. */
  next(servedMs: number): number {
    if (servedMs >= STEADY_MS) this.#nextMs = BACKOFF_FIRST_MS;
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(2 * waitMs, BACKOFF_MAX_MS);
    return waitMs;
  }
}
