/** Lets so many do something at a time; others wait for their turn, in order. */
export class Semaphore {
  readonly #max: number;
  #acquired = 0;
  readonly #waiting = new Set<() => void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes a turn if there is one now. */
  tryAcquire(): boolean {
    if (this.#acquired >= this.#max) return false;
    this.#acquired += 1;
    return true;
  }

  /** Ends a turn. The first that waits has it next. */
  release(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#acquired -= 1;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }

  /** Waits for a turn. False, without one, as soon as the signal is aborted. */
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
