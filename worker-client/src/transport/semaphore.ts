/** A counting semaphore: at most `max` permits are held at a time. Waiters get them in order. */
export class Semaphore {
  readonly #max: number;
  #acquired = 0;
  readonly #waiting = new Set<() => void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes a permit if one is free. */
  tryAcquire(): boolean {
    if (this.#acquired >= this.#max) return false;
    this.#acquired += 1;
    return true;
  }

  /** Gives a permit back. The first waiter gets it. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#acquired -= 1;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }

  /** Waits for a permit. False, without one, as soon as the signal is aborted. */
  acquire(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.tryAcquire()) return Promise.resolve(true);
    return new Promise((settle) => {
      const begin = () => {
        signal.removeEventListener("abort", leave);
        settle(true);
      };
      const leave = () => {
        this.#waiting.delete(begin);
        settle(false);
      };
      this.#waiting.add(begin);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
