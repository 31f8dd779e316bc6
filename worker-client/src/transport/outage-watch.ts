import { QueueError, Unavailable } from "../base/errors.ts";
import { type Instant, instant, msSince } from "../base/instant.ts";
import { Timer } from "../base/platform.ts";
import type { Place } from "../base/problem-errors.ts";

/** After how long a worker reports that its server is away, in milliseconds. */
const AWAY_MS = 5_000;
/** How often a worker reports that again, in milliseconds. */
const AWAY_AGAIN_MS = 60_000;

/** Reports an outage that lasts, for as long as it lasts. */
export class OutageWatch {
  /** Why the server could not be reached the last time. */
  lastCause: Error = new QueueError("It is not connected yet", { code: "timeout" });
  readonly #place: Place;
  readonly #away: (error: QueueError, since: Instant) => void;
  #since: Instant | undefined;
  #timer: Timer | undefined;

  constructor(place: Place, away: (error: QueueError, since: Instant) => void) {
    this.#place = place;
    this.#away = away;
  }

  /** Since when the server cannot be reached; undefined while it can. */
  get since(): Instant | undefined {
    return this.#since;
  }

  /** Notes that the server could not be reached. */
  begin(cause: Error): void {
    this.lastCause = cause;
    if (this.#since !== undefined) return;
    this.#since = instant();
    this.#reportIn(AWAY_MS);
  }

  /** The server can be reached, or no connection to it is wanted. */
  end(): void {
    this.#since = undefined;
    this.#timer?.clear();
  }

  /** Reports an outage that began before there was a listener. */
  watch(): void {
    this.#timer?.clear();
    if (this.#since !== undefined) this.#reportIn(Math.max(0, AWAY_MS - msSince(this.#since)));
  }

  #reportIn(ms: number): void {
    this.#timer = new Timer(ms, () => this.#report(), { holds: false });
  }

  #report(): void {
    if (this.#since === undefined) return;
    this.#reportIn(AWAY_AGAIN_MS);
    const { address, queue } = this.#place;
    const cause = this.lastCause;
    const message = `${address} could not be reached for ${secondsSince(this.#since)} seconds (${cause.message}).`;
    this.#away(new Unavailable(`${message} The worker keeps trying.`, { queue, cause }), this.#since);
  }
}

/** What a worker reports when a server that was away answers again. */
export function backAgain({ address, queue }: Place, since: Instant): Unavailable {
  return new Unavailable(`${address} is back after ${secondsSince(since)} s.`, { queue });
}

function secondsSince(since: Instant): string {
  return (msSince(since) / 1_000).toFixed(0);
}
