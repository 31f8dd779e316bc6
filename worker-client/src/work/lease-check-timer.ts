import { instant, msSince } from "../base/instant.ts";
import { unref } from "../base/platform.ts";

/** How often it is looked in the time of a lease, and not less or more often than these allow. */
const LOOKS_PER_LEASE = 10;
const LOOK_MS_MIN = 50;
const LOOK_MS_MAX = 1_000;

/** Looks now and then, and so knows for how long the event loop stood still. Keeps no process alive. */
export class Pulse {
  readonly #look: () => void;
  #seenAt = instant();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(look: () => void) {
    this.#look = look;
  }

  /** Whether it looks at all. */
  get isGoing(): boolean {
    return this.#timer !== undefined;
  }

  /** @param leaseMs how long the leases last that it is about */
  start(leaseMs: number): void {
    this.stop();
    const everyMs = Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, leaseMs / LOOKS_PER_LEASE));
    this.#timer = setInterval(this.#look, everyMs);
    unref(this.#timer);
  }

  /** For how long nothing was looked at, in milliseconds: mostly less than the time between two looks. */
  get unseenMs(): number {
    return msSince(this.#seenAt);
  }

  seen(): void {
    this.#seenAt = instant();
  }

  stop(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
