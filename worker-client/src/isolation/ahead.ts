import { afterReading, Timer } from "../base/platform.ts";
import { Prefetch } from "../workers/prefetch.ts";

/** The most messages that a runner is sent ahead of the handlers that run. */
const AHEAD_MAX = 64;

/**
 * After so long without a word of a handler that began or ended, in milliseconds, what was sent ahead is given to others.
 * The runner itself says of none of it that it begins later than `RETURN_MS` after it has last said so, which is far less:
 * so none is given to others that may begin here.
 */
const STUCK_MS = 50;

/**
 * How many messages wait in a runner, so that the way there and back need not be waited for: as many as its handlers finish in
 * a moment, and none behind a handler that takes long.
 */
export class Ahead {
  readonly #prefetch: Prefetch;
  readonly #stuck: () => void;
  #heardAt = 0;
  #timer: Timer | undefined;

  /**
   * @param isOff whether nothing may be sent ahead
   * @param stuck called when what was sent ahead waits behind a handler that takes long
   */
  constructor(concurrency: number, isOff: boolean, stuck: () => void) {
    this.#prefetch = new Prefetch(() => concurrency, isOff ? 0 : undefined);
    this.#stuck = stuck;
  }

  /** How many messages may wait there, now. */
  get size(): number {
    return Math.min(AHEAD_MAX, this.#prefetch.size);
  }

  /** A handler began, or ended. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** @param ms from a handler's beginning to its end */
  ran(ms: number): void {
    this.heard();
    this.#prefetch.ran(ms);
  }

  /** Call this when messages wait there: a handler that blocks the runner cannot say so, and is seen from here. */
  watch(): void {
    if (this.#timer !== undefined) return;
    this.heard();
    this.#start(STUCK_MS);
  }

  /** Nothing waits there any more because it was stuck: handlers take longer than those before. */
  reset(): void {
    this.clear();
    this.#prefetch.reset();
  }

  /** Ends the watch. */
  clear(): void {
    this.#timer?.clear();
    this.#timer = undefined;
  }

  #start(ms: number): void {
    const timer = new Timer(ms, () => afterReading(() => this.#timer === timer && this.#look()), { holds: false });
    this.#timer = timer;
  }

  #look(): void {
    const leftMs = this.#heardAt + STUCK_MS - performance.now();
    if (leftMs > 0) {
      this.#start(leftMs);
      return;
    }
    this.clear();
    this.#stuck();
  }
}
