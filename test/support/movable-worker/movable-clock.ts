import { type CancelTimer, MachineClock } from "../../../src/machine-clock.ts";

interface MovableTimer {
  /** By this clock, in milliseconds since 1970. */
  readonly dueAt: number;
  readonly goOff: () => void;
  /** Ends what waits for it in the machine's own time. */
  cancel: CancelTimer;
}

/** The machine's clock, ahead of it by as much as a test has moved it. */
export class MovableClock extends MachineClock {
  readonly #timers = new Set<MovableTimer>();
  #aheadMs: number;

  /** @param aheadMs by how much it is ahead at first */
  constructor(aheadMs: number) {
    super();
    this.#aheadMs = aheadMs;
  }

  /** By how much it is ahead of the machine's clock, in milliseconds. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  override now(): number {
    return super.now() + this.#aheadMs;
  }

  override after(ms: number, callback: () => void): CancelTimer {
    const goOff = () => {
      this.#timers.delete(timer);
      callback();
    };
    const timer: MovableTimer = { dueAt: this.now() + ms, goOff, cancel: super.after(ms, goOff) };
    this.#timers.add(timer);
    return () => {
      timer.cancel();
      this.#timers.delete(timer);
    };
  }

  /** When the next timer is due, in milliseconds since 1970; `Infinity` where there is none. */
  get nextDueAt(): number {
    return Math.min(...Array.from(this.#timers, ({ dueAt }) => dueAt));
  }

  /** Moves on to a time that is not past, and lets the timers go off that are due then, in their order. */
  moveTo(time: number): void {
    this.#aheadMs += Math.max(0, time - this.now());
    const now = this.now();
    for (const timer of [...this.#timers].sort((a, b) => a.dueAt - b.dueAt)) {
      // One that went off before may have ended it.
      if (!this.#timers.has(timer)) continue;
      timer.cancel();
      if (timer.dueAt <= now) timer.goOff();
      else timer.cancel = super.after(timer.dueAt - now, timer.goOff);
    }
  }
}
