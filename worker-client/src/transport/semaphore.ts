/** Lets so many do something at a time; others wait for their turn, in order. */
export class Turns {
  readonly #max: number;
  #taken = 0;
  readonly #waiting = new Set<() => void>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Takes a turn if there is one now. */
  take(): boolean {
    if (this.#taken >= this.#max) return false;
    this.#taken += 1;
    return true;
  }

  /** Ends a turn. The first that waits has it next. */
  free(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#taken -= 1;
    } else {
      this.#waiting.delete(next);
      next();
    }
  }

  /** Waits for a turn. False, without one, as soon as the signal is aborted. */
  wait(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (this.take()) return Promise.resolve(true);
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
