/** The first delay, in milliseconds. */
const DELAY_MS_MIN = 500;

/** The longest delay, in milliseconds. */
const DELAY_MS_MAX = 30_000;

/** A process that lived for so long, in milliseconds, did not die of its start: the next delay is the first one again. */
const LIVED_MS = 60_000;

/** How long to wait before a process that died is started again: twice as long each time, unless it lived for a while. */
export class Backoff {
  #delayMs = DELAY_MS_MIN;

  /**
   * The next delay, in milliseconds.
   *
   * @param livedMs for how long the process lived
   */
  next(livedMs: number): number {
    if (livedMs >= LIVED_MS) this.#delayMs = DELAY_MS_MIN;
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(DELAY_MS_MAX, delayMs * 2);
    return delayMs;
  }
}
