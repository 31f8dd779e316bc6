import { WAIT_SECONDS_MAX } from "../../../src/contract/limits.ts";

/**
 * How long a call that does not wait (`block: false`, or `timeoutSeconds: 0`) may be tried: for opening a connection,
 * and for a server that restarts.
 */
const NOWAIT_SECONDS = 2;

/** How long after its deadline a call ends at the latest, answered or not. */
export const GRACE_SECONDS = 0.8;

/** How long a call waits at the server. */
export interface WaitOptions {
  /** Whether to wait at all. Default true. When false, `timeoutSeconds` is not looked at. */
  block?: boolean | undefined;
  /**
   * How long to wait; not given, for as long as it takes. Negative is a `RangeError`. It holds in an outage too: then
   * the call throws `Unavailable`. With 0, or `block: false`, the server is not waited for longer than 2 seconds.
   */
  timeoutSeconds?: number | undefined;
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Until when a call may wait, and be tried. */
export class Deadline {
  readonly #endsAt: number;
  readonly #triesUntil: number;

  constructor({ block = true, timeoutSeconds = Number.POSITIVE_INFINITY }: WaitOptions) {
    if (block && !(timeoutSeconds >= 0)) {
      throw new RangeError(`timeoutSeconds must not be negative: ${timeoutSeconds}`);
    }
    const mayWait = block && timeoutSeconds > 0;
    const isEndless = mayWait && timeoutSeconds === Number.POSITIVE_INFINITY;
    const now = isEndless ? 0 : performance.now();
    this.#endsAt = mayWait ? now + timeoutSeconds * 1_000 : 0;
    this.#triesUntil = mayWait ? this.#endsAt : now + NOWAIT_SECONDS * 1_000;
  }

  /** How long the call may still wait, in milliseconds: 0 where it must not, Infinity for a wait without end. */
  get waitMs(): number {
    return this.#isEndless ? Number.POSITIVE_INFINITY : Math.max(0, this.#endsAt - performance.now());
  }

  /** How long the next poll over HTTP may wait at the server. */
  get pollSeconds(): number {
    const seconds = (this.#endsAt - performance.now()) / 1_000;
    return Math.max(0, Math.min(WAIT_SECONDS_MAX, seconds));
  }

  /** Whether the call must not wait at the server any more. */
  get isOver(): boolean {
    return !this.#isEndless && performance.now() >= this.#endsAt;
  }

  /** How long it may still be tried, in milliseconds: Infinity for a wait without end. */
  get leftMs(): number {
    return this.#isEndless ? Number.POSITIVE_INFINITY : Math.max(0, this.#triesUntil - performance.now());
  }

  /** The time until it ends without an answer, in milliseconds. */
  get graceLeftMs(): number {
    if (this.#isEndless) return Number.POSITIVE_INFINITY;
    return Math.max(0, this.#triesUntil + GRACE_SECONDS * 1_000 - performance.now());
  }

  /** Most are, and need no look at the clock. */
  get #isEndless(): boolean {
    return this.#triesUntil === Number.POSITIVE_INFINITY;
  }
}
