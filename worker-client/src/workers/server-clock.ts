import { type Instant, msSince } from "../base/instant.ts";

/** After this long, in milliseconds, any newer sample replaces one, because clocks drift apart. */
const SAMPLE_MS = 60_000;

/**
 * The server's time, by which leases end. Estimated from answers that contain it, and never earlier than it is: so no
 * lease is believed to last longer than it does.
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

  /** Forgets the estimate: the clocks of this machine may not have gone on evenly. */
  reset(): void {
    this.#sentAt = undefined;
  }

  /**
   * What is left of a lease, in milliseconds, or a little less.
   *
   * @param endsAt when it ends by the server's clock, in seconds since 1970
   * @param unknownMs the result while there is no estimate
   */
  leftMs(endsAt: number, unknownMs: number): number {
    return this.#sentAt === undefined ? unknownMs : endsAt * 1_000 - this.nowMs;
  }

  /** The server's time in milliseconds since 1970, or a little later than it is there. */
  get nowMs(): number {
    return this.#sentAt === undefined ? Number.NaN : this.#serverMs + msSince(this.#sentAt);
  }
}
