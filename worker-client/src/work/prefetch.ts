/** How much work may wait in a worker, as the time that it takes: about a round trip to the server. */
const WAITING_MS = 10;

/** The most that it waits of, however short the work is. */
const PREFETCH_MAX = 256;

/** So many handlers must have run before anything is expected of the next ones. */
const RUNS_MIN = 10;

/** A handler that keeps the event loop from going on for longer may do so again. */
const BLOCKED_MS = 20;

/** So many times as long, and at most for so long, nothing waits in the worker after that. */
const BLOCKED_REST_FACTOR = 20;
const BLOCKED_REST_MS_MAX = 60_000;

/** Handlers that keep the event loop for less than this are begun together, as many as keep it for so long. */
const QUICK_MS = 1;
const STEP_MS = 5;

/**
 * How many messages a worker holds beyond those that it works on, so that the next is at hand when one is done.
 *
 * What waits in one worker cannot be had by another that is idle. So by default only so many wait as are worked on in a
 * moment, judged by the handlers that ran last; one long handler and none waits for a while.
 */
export class Prefetch {
  /** Whether it follows the work; else it is what the caller said. */
  readonly isAdaptive: boolean;
  readonly #fixed: number;
  readonly #concurrency: number;
  #runs = 0;
  /** How long handlers take: up at once, down slowly. */
  #runMs = 0;
  /** For how long they keep the event loop, on average: a pause of the runtime itself must not count for much. */
  #blockingMs = 0;
  #restsUntil = 0;

  /** @param fixed undefined to let it follow the work */
  constructor(concurrency: number, fixed: number | undefined) {
    this.isAdaptive = fixed === undefined;
    this.#fixed = fixed ?? 0;
    this.#concurrency = concurrency;
  }

  /** Whether a handler has kept the event loop for long just now, so that the next may. */
  get isBlocking(): boolean {
    return this.isAdaptive && performance.now() < this.#restsUntil;
  }

  get size(): number {
    if (!this.isAdaptive) return this.#fixed;
    if (this.#runs < RUNS_MIN || this.isBlocking) return 0;
    return Math.min(PREFETCH_MAX, Math.floor((this.#concurrency * WAITING_MS) / Math.max(this.#runMs, 0.001)));
  }

  /** Whether the next handler may keep the event loop for long. */
  get mayBlock(): boolean {
    return this.#runs < RUNS_MIN || this.#blockingMs >= QUICK_MS;
  }

  /** How many handlers may begin in one step, without a look at anything else between them. */
  get stepSize(): number {
    if (this.mayBlock) return 1;
    return Math.max(1, Math.floor(STEP_MS / Math.max(this.#blockingMs, 0.001)));
  }

  /** @param ms from a handler's beginning to its end */
  ran(ms: number): void {
    this.#runs += 1;
    this.#runMs = ms > this.#runMs ? ms : average(this.#runMs, ms);
  }

  /** @param ms for how long a handler kept the event loop when it began */
  blocked(ms: number): void {
    this.#blockingMs = average(this.#blockingMs, ms);
    if (ms <= BLOCKED_MS) return;
    const restMs = Math.min(BLOCKED_REST_MS_MAX, BLOCKED_REST_FACTOR * ms);
    this.#restsUntil = Math.max(this.#restsUntil, performance.now() + restMs);
  }

  /** Expects nothing any more: there was nothing to do, or a handler takes longer than those before. */
  reset(): void {
    this.#runs = 0;
  }
}

/** The average of what came, in which the last ten count for most. */
function average(before: number, sample: number): number {
  return before + (sample - before) / 10;
}
