import { instant, msSince } from "../base/instant.ts";
import { unref } from "../base/platform.ts";

/** How often it is looked in the time of a lease, and not less or more often than these allow. */
const CHECKS_PER_LEASE = 10;
const CHECK_MS_MIN = 50;
const CHECK_MS_MAX = 1_000;

/** Looks now and then, and so knows for how long the event loop stood still. Keeps no process alive. */
export class LeaseCheckTimer {
  readonly #check: () => void;
  #checkedAt = instant();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(check: () => void) {
    this.#check = check;
  }

  /** Whether it looks at all. */
  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** @param leaseMs how long the leases last that it is about */
  start(leaseMs: number): void {
    this.stop();
    const everyMs = Math.min(CHECK_MS_MAX, Math.max(CHECK_MS_MIN, leaseMs / CHECKS_PER_LEASE));
    this.#timer = setInterval(this.#check, everyMs);
    unref(this.#timer);
  }

  /** For how long nothing was looked at, in milliseconds: mostly less than the time between two looks. */
  get sinceCheckMs(): number {
    return msSince(this.#checkedAt);
  }

  checked(): void {
    this.#checkedAt = instant();
  }

  stop(): void {
    if (this.#timer !== undefined) clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
