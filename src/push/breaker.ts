import type { PushFault } from "../queue/base/configuration.ts";
import type { TargetFault } from "./target.ts";

/** After the first fault nothing is pushed for this long, in milliseconds, and after each further one for twice as long. */
const FIRST_MS = 1_000;
const LONGEST_MS = 300_000;

/** The longest time that a target may ask for, in milliseconds. */
const RETRY_AFTER_MS_MAX = 3_600_000;

/** How long nothing is pushed after the last of so many faults in a row, in milliseconds. */
export function backoffMsAfter(faults: number): number {
  return Math.min(FIRST_MS * 2 ** (Math.max(faults, 1) - 1), LONGEST_MS);
}

/** What a description says of the breaker. Times are in seconds. */
interface BreakerView {
  /** `waiting`: until `resumesAt`, for what `detail` says. `stopped`: until it is configured again. */
  state: "running" | "waiting" | "stopped";
  resumesAt?: number | undefined;
  detail?: string | undefined;
}

/**
 * Decides whether anything is pushed to a target that fails: nothing for a time that doubles, then one batch as a probe, and
 * as usual once a batch has been delivered. The fault is stored with the queue, so that it outlives the object.
 */
export class Breaker {
  /** That of the queue at the last look. */
  #seen: PushFault | null = null;
  #fault: PushFault | null = null;

  /** Whether only one batch may be under way. */
  get isProbing(): boolean {
    return this.#fault !== null;
  }

  /** Takes the fault that is stored, if it has changed. */
  take(stored: PushFault | null): void {
    if (stored === this.#seen) return;
    this.#seen = stored;
    this.#fault = stored;
  }

  /** How long nothing may be pushed, in milliseconds; Infinity if it is stopped. */
  waitMs(now: number): number {
    if (this.#fault === null) return 0;
    return Math.max(0, (this.#fault.resumesAt ?? Number.POSITIVE_INFINITY) - now);
  }

  /** Notes that a batch was delivered. Returns whether that ended a fault. */
  succeeded(now: number): boolean {
    // A batch that was under way when another one failed says nothing of the time after it.
    const isOver = this.#fault !== null && this.waitMs(now) === 0;
    if (isOver) this.#fault = null;
    return isOver;
  }

  /** Notes a fault. Returns it as it is to be stored; undefined for one of a batch that was under way before the last. */
  failed({ detail, retryAfterMs = 0, isStopped = false }: TargetFault, now: number): PushFault | undefined {
    const waitMs = this.waitMs(now);
    if (waitMs === Number.POSITIVE_INFINITY || (waitMs > 0 && !isStopped && retryAfterMs <= waitMs)) return undefined;
    const count = (this.#fault?.count ?? 0) + (waitMs > 0 ? 0 : 1);
    const ms = Math.max(backoffMsAfter(count), Math.min(retryAfterMs, RETRY_AFTER_MS_MAX));
    this.#fault = { count, resumesAt: isStopped ? null : now + ms, detail };
    return this.#fault;
  }

  view(now: number): BreakerView {
    if (this.#fault === null) return { state: "running" };
    const { resumesAt, detail } = this.#fault;
    if (resumesAt === null) return { state: "stopped", detail };
    return { state: now < resumesAt ? "waiting" : "running", resumesAt: resumesAt / 1_000, detail };
  }
}
