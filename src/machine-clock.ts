/** Cancels a timer; does nothing to one that has gone off. */
export type CancelTimer = () => void;

/**
 * The time and the timers of a queue's object. Each object has one and passes it to its parts, which take the time from
 * nowhere else: a test gives the object one that it can move (docs/decisions/0027).
 */
export class MachineClock {
  /** Milliseconds since 1970. This clock may be set, and go back: see `MonotonicClock`. */
  now(): number {
    return Date.now();
  }

  /** Calls back once after a number of milliseconds, at most 2 ** 31 - 1: with more, the platform would call at once. */
  after(ms: number, callback: () => void): CancelTimer {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  }

  /**
   * Waits a few milliseconds, or with 0 one turn of the event loop, for commands that are on their way into the object. It
   * takes real time even if a test moves the clock.
   */
  wait(ms: number): Promise<void> {
    return scheduler.wait(ms);
  }
}
