import { instant, msSince } from "../base/instant.ts";
import { unref } from "../base/platform.ts";

/** How often leases are checked in the time of one, between these bounds in milliseconds. */
const CHECKS_PER_LEASE = 10;
const CHECK_MS_MIN = 50;
const CHECK_MS_MAX = 1_000;

/** Checks leases at an interval, and so knows for how long the event loop was blocked. Keeps no process alive. */
export class LeaseCheckTimer {
  readonly #check: () => void;
  #checkedAt = instant();
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(check: () => void) {
    this.#check = check;
  }

  /** Whether the interval runs. */
  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** @param leaseMs how long the leases last, in milliseconds */
  start(leaseMs: number): void {
    this.stop();
    const everyMs = Math.min(CHECK_MS_MAX, Math.max(CHECK_MS_MIN, leaseMs / CHECKS_PER_LEASE));
    this.#timer = setInterval(this.#check, everyMs);
    unref(this.#timer);
  }

  /** How long ago the last check was, in milliseconds: more than the interval if the event loop was blocked. */
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
