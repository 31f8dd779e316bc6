/** How much work may wait in a worker, in milliseconds of handlers, unless it is said: about a round trip to the server. */
const WAITING_MS = 10;

/** The most messages that wait in a worker, however short the handlers are. */
const PREFETCH_MAX = 256;

/** How many handlers must have run before their times predict the next ones. */
const RUNS_MIN = 10;

/** A handler that blocks the event loop for longer than this, in milliseconds, may do so again. */
const BLOCKED_MS = 20;

/** After that no message waits in the worker for this many times as long, and at most for this long. */
const BLOCKED_REST_FACTOR = 20;
const BLOCKED_REST_MS_MAX = 60_000;

/** Handlers that block the event loop for less than `QUICK_MS` begin together, as many as block it for `STEP_MS`. */
const QUICK_MS = 1;
const STEP_MS = 5;

/**
 * How many messages a worker holds beyond those that it works on, so that the next is at hand when one is done.
 *
 * A message that waits in one worker is not available to another that is idle. So by default only as many wait as are
 * worked on in `WAITING_MS`, judged by the handlers that ran last; after one long handler none waits for a while.
 */
export class Prefetch {
  /** Whether it follows the work; else it is what the caller gave. */
  readonly isAdaptive: boolean;
  readonly #fixed: number;
  readonly #concurrency: () => number;
  readonly #waitingMs: number;
  #runs = 0;
  /** How long handlers take: up at once, down slowly. */
  #runMs = 0;
  /** How long they block the event loop, on average: a pause of the runtime itself must not count for much. */
  #blockingMs = 0;
  #restsUntil = 0;

  /**
   * @param concurrency how many handlers can run at the same time, now
   * @param fixed undefined to let it follow the work
   * @param waitingMs how much work may wait, in milliseconds of handlers
   */
  constructor(concurrency: () => number, fixed: number | undefined, waitingMs = WAITING_MS) {
    this.isAdaptive = fixed === undefined;
    this.#fixed = fixed ?? 0;
    this.#concurrency = concurrency;
    this.#waitingMs = waitingMs;
  }

  /** Whether a handler has just blocked the event loop for long, so that the next one may. */
  get isBlocking(): boolean {
    return this.isAdaptive && performance.now() < this.#restsUntil;
  }

  /** None where no handler can run. */
  get size(): number {
    const concurrency = this.#concurrency();
    if (concurrency === 0) return 0;
    if (!this.isAdaptive) return this.#fixed;
    if (this.#runs < RUNS_MIN || this.isBlocking) return 0;
    return Math.min(PREFETCH_MAX, Math.floor((concurrency * this.#waitingMs) / Math.max(this.#runMs, 0.001)));
  }

  /** Whether the next handler may block the event loop for long. */
  get mayBlock(): boolean {
    return this.#runs < RUNS_MIN || this.#blockingMs >= QUICK_MS;
  }

  /** How many handlers may begin in one step, without other work of the event loop between them. */
  get stepSize(): number {
    if (this.mayBlock) return 1;
    return Math.max(1, Math.floor(STEP_MS / Math.max(this.#blockingMs, 0.001)));
  }

  /** @param ms from a handler's beginning to its end */
  ran(ms: number): void {
    this.#runs += 1;
    this.#runMs = ms > this.#runMs ? ms : average(this.#runMs, ms);
  }

  /** @param ms how long a handler blocked the event loop when it began */
  blocked(ms: number): void {
    this.#blockingMs = average(this.#blockingMs, ms);
    if (ms <= BLOCKED_MS) return;
    const restMs = Math.min(BLOCKED_REST_MS_MAX, BLOCKED_REST_FACTOR * ms);
    this.#restsUntil = Math.max(this.#restsUntil, performance.now() + restMs);
  }

  /** Forgets the handlers that ran: there was nothing to do, or a handler takes longer than those before. */
  reset(): void {
    this.#runs = 0;
  }
}

/** The running average of samples, in which the last ten count for most. */
function average(before: number, sample: number): number {
  return before + (sample - before) / 10;
}
