import { type Instant, instant } from "../base/instant.ts";
import { afterReading, Timer } from "../base/platform.ts";

/** How long a message is still leased to this consumer, as far as this machine knows. */
export class Lease {
  #lengthMs: number;
  /** Whether an extension is not answered yet: it may last longer than is known. */
  isExtending = false;
  #endsAt: Instant;
  #timer: Timer | undefined;
  #over: (() => void) | undefined;

  /**
   * @param lengthMs how long it lasts when it is new
   * @param leftMs how much of that is left
   */
  constructor(lengthMs: number, leftMs = lengthMs) {
    this.#lengthMs = lengthMs;
    this.#endsAt = later(instant(), leftMs);
  }

  /** How long it lasted when it was new, or was last extended, in milliseconds. */
  get lengthMs(): number {
    return this.#lengthMs;
  }

  /** What is left of it, in milliseconds: the shorter of what the two clocks say. Not above 0 when it is over. */
  get leftMs(): number {
    const { wallMs, steadyMs } = this.#endsAt;
    return Math.min(wallMs - Date.now(), steadyMs - performance.now());
  }

  /**
   * The server extended it by `ms` after the request.
   *
   * @param sentAt when the request was sent
   */
  prolong(ms: number, sentAt: Instant): void {
    // The queue's leases may last another time than before.
    this.#lengthMs = ms;
    this.#endsAt = later(sentAt, ms);
    if (this.#over !== undefined) this.whenOver(this.#over);
  }

  /** Calls back once when it has ended, unless it is extended or `end` was called. Keeps no process alive. */
  whenOver(over: () => void): void {
    this.#timer?.clear();
    this.#over = over;
    this.#timer = new Timer(Math.max(0, this.leftMs), () => afterReading(() => this.#look()), { holds: false });
  }

  /** Cancels `whenOver`. */
  end(): void {
    this.#timer?.clear();
    this.#over = undefined;
  }

  #look(): void {
    const over = this.#over;
    if (over === undefined) return;
    if (this.leftMs > 0) {
      this.whenOver(over);
      return;
    }
    this.end();
    over();
  }
}

function later({ wallMs, steadyMs }: Instant, ms: number): Instant {
  return { wallMs: wallMs + ms, steadyMs: steadyMs + ms };
}
