import { WAIT_SECONDS_MAX } from "../../src/contract/limits.ts";

export interface WaitOptions {
  /** Whether to wait at all. Default true. When false, `timeoutSeconds` is not looked at. */
  block?: boolean | undefined;
  /** How long to wait; not given, for as long as it takes. Negative is a `RangeError`. */
  timeoutSeconds?: number | undefined;
  /** Ends the call with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** When a call's waiting is over. */
export class Deadline {
  readonly #endsAt: number;

  constructor({ block = true, timeoutSeconds = Number.POSITIVE_INFINITY }: WaitOptions) {
    if (block && !(timeoutSeconds >= 0)) {
      throw new RangeError(`timeoutSeconds must not be negative: ${timeoutSeconds}`);
    }
    this.#endsAt = block ? performance.now() + timeoutSeconds * 1_000 : 0;
  }

  /** How long the next poll over HTTP may wait at the server. */
  get pollSeconds(): number {
    const seconds = (this.#endsAt - performance.now()) / 1_000;
    return Math.max(0, Math.min(WAIT_SECONDS_MAX, seconds));
  }

  /** How long it is till then: Infinity for a wait without end. */
  get leftMs(): number {
    return this.#isEndless ? Number.POSITIVE_INFINITY : Math.max(0, this.#endsAt - performance.now());
  }

  get isOver(): boolean {
    return !this.#isEndless && performance.now() >= this.#endsAt;
  }

  /** Most are, and the clock need not be asked about them. */
  get #isEndless(): boolean {
    return this.#endsAt === Number.POSITIVE_INFINITY;
  }
}
