/** Ends a timer; does nothing to one that has gone off. */
export type CancelTimer = () => void;

/**
 * The time by which a queue's object lives, and its timers. Each object has one and hands it to its parts, which ask
 * nothing else for the time: a test gives the object one that it can move (docs/decisions/0027).
 */
export class MachineClock {
  /** Milliseconds since 1970. This clock may be set, and go back: see `MonotonicClock`. */
  now(): number {
    return Date.now();
  }

  /** Calls back once when so many milliseconds have passed, at most 2 ** 31 - 1: for more it would be at once. */
  after(ms: number, callback: () => void): CancelTimer {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  }

  /**
   * Waits a few milliseconds, or with 0 one turn of the event loop, for what is on its way into the object. That takes
   * as long as it takes the machine, also where a test moves the clock.
   */
  wait(ms: number): Promise<void> {
    return scheduler.wait(ms);
  }
}
