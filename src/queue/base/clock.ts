/**
 * Server time that never goes back, also over restarts, yet never stands still.
 *
 * Where the machine's clock steps back, by correction or because the object moved to another machine, time goes on
 * from the last time seen at the clock's pace. Holding it still instead, until the clock has caught up, would keep
 * every lease from ending.
 */
export class MonotonicClock {
  #lastSeen: number;
  #offset = 0;

  /** @param lastSeen the last time that was stored, in milliseconds since 1970 */
  constructor(lastSeen: number) {
    this.#lastSeen = lastSeen;
  }

  /** The server's time for one event, given what the machine's clock says. */
  now(machineTime: number): number {
    if (machineTime + this.#offset < this.#lastSeen) this.#offset = this.#lastSeen - machineTime;
    this.#lastSeen = machineTime + this.#offset;
    return this.#lastSeen;
  }
}
