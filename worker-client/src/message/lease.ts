import { type Instant, instant } from "../base/instant.ts";
import { afterReading, Timer } from "../base/platform.ts";

/** For how long a message is still this consumer's, as far as this machine knows. */
export class Lease {
  /** How long it lasts when it is new, in milliseconds. */
  readonly lengthMs: number;
  /** Whether the server was asked for more of it and has not answered: it may last longer than is known. */
  isExtending = false;
  #endsAt: Instant;
  #timer: Timer | undefined;
  #over: (() => void) | undefined;

  /**
   * @param lengthMs how long it lasts when it is new
   * @param leftMs how much of that is left
   */
  constructor(lengthMs: number, leftMs = lengthMs) {
    this.lengthMs = lengthMs;
    this.#endsAt = later(instant(), leftMs);
  }

  /** What is left of it, in milliseconds: the shorter of what the two clocks say. Not above 0 when it is over. */
  get leftMs(): number {
    const { wallMs, steadyMs } = this.#endsAt;
    return Math.min(wallMs - Date.now(), steadyMs - performance.now());
  }

  /**
   * It ends `ms` after the server took that up.
   *
   * @param sentAt when that was asked for
   */
  prolong(ms: number, sentAt: Instant): void {
    this.#endsAt = later(sentAt, ms);
    if (this.#over !== undefined) this.whenOver(this.#over);
  }

  /** Calls back once when it is over, unless it is prolonged or ended. Keeps no process alive. */
  whenOver(over: () => void): void {
    this.#timer?.clear();
    this.#over = over;
    this.#timer = new Timer(Math.max(0, this.leftMs), () => afterReading(() => this.#look()), { holds: false });
  }

  /** Nothing is called back any more. */
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
