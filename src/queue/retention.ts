import type { Settings } from "./base/configuration.ts";
import { TimerHeap } from "./base/timer-heap.ts";
import type { Backlog, SegmentWatcher } from "./schedule/backlog.ts";
import { type Payloads, timeOf } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, VISIBLE } from "./store/states.ts";

/** Bounds what one commit batch reads and changes: a backlog that expires all at once takes many commit batches. */
const SEGMENTS_PER_COMMIT = 256;

/** Which messages expire, and what becomes of them. */
type RetentionRules = Pick<Settings, "retentionMs" | "deadLetterExpired">;

/**
 * Lets messages expire. Only what is visible does: what is leased, or waits for its time, is looked at when
 * it becomes visible, and is not handed out any more if its time is over by then.
 */
export class Retention implements SegmentWatcher {
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #expiries = new TimerHeap<Segment>();
  #segmentsLeft = SEGMENTS_PER_COMMIT;
  /** Up to when everything would have expired, had a commit batch no bound. */
  #behind = 0;
  #rules: RetentionRules;

  constructor(backlog: Backlog, payloads: Payloads, rules: RetentionRules) {
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#rules = rules;
    backlog.watcher = this;
  }

  set rules(rules: RetentionRules) {
    const isChanged = rules.retentionMs !== this.#rules.retentionMs;
    this.#rules = rules;
    if (!isChanged) return;
    this.#expiries.clear();
    for (const segment of this.#backlog.segments()) if (segment.counts.visible > 0) this.becameVisible(segment);
  }

  /** No message expires before this time. */
  get nextExpiryAt(): number {
    return this.#expiries.nextAt;
  }

  /** Whether messages can expire at all. */
  get isBounded(): boolean {
    return this.#rules.retentionMs > 0;
  }

  beginCommitBatch(): void {
    this.#segmentsLeft = SEGMENTS_PER_COMMIT;
    this.#behind = 0;
  }

  /** Expires the messages that are due, or as many of them as one commit batch may. */
  expire(now: number): void {
    this.#behind = now;
    for (; this.#segmentsLeft > 0; this.#segmentsLeft -= 1) {
      const segment = this.#expiries.take(now);
      if (segment === undefined) return;
      this.#expireIn(segment, now);
    }
  }

  /** Whether more is due than one commit batch lets expire. */
  get isBehind(): boolean {
    return this.#segmentsLeft === 0 && this.#expiries.nextAt <= this.#behind;
  }

  /** Whether messages of this segment may have expired that this commit batch does not look at any more. */
  isToBeExpired(segment: Segment): boolean {
    return this.isBehind && this.#expiries.isPlanned(segment, this.#behind);
  }

  #expireIn(segment: Segment, now: number): void {
    let nextExpiryAt = Number.POSITIVE_INFINITY;
    for (let index = 0; segment.counts.visible > 0 && index < segment.count; index += 1) {
      if (segment.stateOf(index) !== VISIBLE) continue;
      const expiresAt = this.#expiresAt(segment, index);
      if (expiresAt <= now) this.#expire(segment, index, expiresAt);
      else nextExpiryAt = Math.min(nextExpiryAt, expiresAt);
    }
    this.#payloads.release(segment);
    if (nextExpiryAt < Number.POSITIVE_INFINITY) this.#expiries.plan(segment, nextExpiryAt);
  }

  /** None of a segment's messages is older than the segment, so the payloads need not be read before its time is over. */
  becameVisible(segment: Segment): void {
    const { retentionMs } = this.#rules;
    if (retentionMs > 0) this.#expiries.plan(segment, segment.putAt + retentionMs);
  }

  finished(segment: Segment): void {
    this.#expiries.drop(segment);
  }

  #expiresAt(segment: Segment, index: number): number {
    const since = segment.noteOf(index).redrivenAt ?? timeOf(this.#payloads.of(segment, index));
    return since + this.#rules.retentionMs;
  }

  #expire(segment: Segment, index: number, expiresAt: number): void {
    if (this.#rules.deadLetterExpired) {
      segment.note(index, { reason: "expired" });
      this.#backlog.move(segment, index, DEAD, Math.max(expiresAt, segment.visibleAtOf(index)));
    } else {
      this.#backlog.remove(segment, index, "expired", true);
    }
  }
}
