import { type Instant, msSince } from "../base/instant.ts";

/** A sample is replaced by any newer one after so long, because clocks drift apart. */
const SAMPLE_MS = 60_000;

/**
 * What the time is at the server, by which leases end. It is learnt from answers that tell it, and never taken to be
 * earlier than it is: so no lease is believed to last longer than it does.
 */
export class ServerClock {
  #sentAt: Instant | undefined;
  #serverMs = 0;

  /**
   * @param serverMs the server's time when it answered, in milliseconds since 1970
   * @param sentAt when the request was sent: the server read its clock after that
   */
  heard(serverMs: number, sentAt: Instant): void {
    const isBetter = this.#sentAt === undefined || serverMs + msSince(sentAt) < this.nowMs;
    if (!isBetter && this.#sentAt !== undefined && msSince(this.#sentAt) < SAMPLE_MS) return;
    this.#sentAt = sentAt;
    this.#serverMs = serverMs;
  }

  /** Forgets what was learnt: the clocks of this machine cannot be trusted to have gone on evenly. */
  reset(): void {
    this.#sentAt = undefined;
  }

  /**
   * What is left of a lease, in milliseconds, or a little less.
   *
   * @param endsAt when it ends by the server's clock, in seconds since 1970
   * @param unknownMs what to take it for while nothing was learnt
   */
  leftMs(endsAt: number, unknownMs: number): number {
    return this.#sentAt === undefined ? unknownMs : endsAt * 1_000 - this.nowMs;
  }

  /** The server's time in milliseconds since 1970, or a little later than it is there. */
  get nowMs(): number {
    return this.#sentAt === undefined ? Number.NaN : this.#serverMs + msSince(this.#sentAt);
  }
}
