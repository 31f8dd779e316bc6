/** The wait before the first restart, in milliseconds; each further one is twice as long. */
const BACKOFF_FIRST_MS = 200;

/** The longest wait, in milliseconds: once the cause is gone, the server serves again within ten seconds. */
const BACKOFF_MAX_MS = 8_000;

/** After a server has served for this long, in milliseconds, the next wait is the first one again. */
const STEADY_MS = 60_000;

/** The waits before a server that ended is started again. */
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
