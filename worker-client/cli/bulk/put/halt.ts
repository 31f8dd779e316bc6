/** An end that may come while something else is awaited. */
export class Halt {
  readonly #heard = new Set<() => void>();
  #isHalted = false;

  /** @param signal which brings the end when it is aborted */
  constructor(signal: AbortSignal) {
    if (signal.aborted) this.halt();
    else signal.addEventListener("abort", () => this.halt(), { once: true });
  }

  get isHalted(): boolean {
    return this.#isHalted;
  }

  halt(): void {
    if (this.#isHalted) return;
    this.#isHalted = true;
    for (const heard of this.#heard) heard();
    this.#heard.clear();
  }

  /** Calls the function at the end, or at once if that has come. */
  whenHalted(heard: () => void): void {
    if (this.#isHalted) heard();
    else this.#heard.add(heard);
  }

  /**
   * The promise's value, or undefined if the end comes before it. Unlike `Promise.race` with a promise of the end, nothing
   * is kept of it afterwards.
   */
  async orEnd<Value>(promise: Promise<Value>): Promise<Value | undefined> {
    const end = Promise.withResolvers<undefined>();
    const heard = () => end.resolve(undefined);
    this.whenHalted(heard);
    try {
      return await Promise.race([promise, end.promise]);
    } finally {
      this.#heard.delete(heard);
    }
  }
}
