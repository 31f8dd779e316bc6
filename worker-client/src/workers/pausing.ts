/** Whether a worker is paused, and the callers that wait until nothing runs in it. */
export class Pausing {
  #isPaused = false;
  #isOver = false;
  #quiet: PromiseWithResolvers<void> | undefined;

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** Fulfilled when nothing is in hand, or when the pause is over before that. */
  pause(): Promise<void> {
    this.#isPaused = true;
    if (this.#isOver) return Promise.resolve();
    this.#quiet ??= Promise.withResolvers<void>();
    return this.#quiet.promise;
  }

  resume(): void {
    this.#isPaused = false;
    this.#settle();
  }

  /** Nothing is in hand, and nothing can come. */
  quiet(): void {
    if (this.#isPaused) this.#settle();
  }

  /** The worker has ended. */
  over(): void {
    this.#isOver = true;
    this.#settle();
  }

  #settle(): void {
    this.#quiet?.resolve();
    this.#quiet = undefined;
  }
}
