import type { Settings } from "./base/configuration.ts";
import { TimerHeap } from "./base/timer-heap.ts";
import type { Outcomes } from "./jobs/outcomes.ts";
import type { Backlog } from "./schedule/backlog.ts";
import type { SegmentWatcher } from "./schedule/segment-watcher.ts";
import { leastRetentionMs } from "./store/own-rules.ts";
import { timeOf } from "./store/payload-text.ts";
import type { Payloads } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, GONE, VISIBLE } from "./store/states.ts";

/** Bounds what one commit batch reads and changes: a backlog that expires all at once takes many commit batches. */
const SEGMENTS_PER_COMMIT = 256;

/** Which messages expire, and what becomes of them. */
type RetentionRules = Pick<Settings, "retentionMs" | "deadLetterExpired">;

/** What the last look at a segment has found. It holds while the segment has as many messages. */
interface Look {
  count: number;
  /** No message that was not overdue expires before this time. */
  nextAt: number;
  /** The messages whose time was over. They expire as soon as they are visible. */
  overdue: number[];
}

/**
 * Lets messages expire. Only what is visible does: what is leased, or waits for its time, is looked at when
 * it becomes visible, and is not handed out any more if its time is over by then.
 */
export class Retention implements SegmentWatcher {
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #outcomes: Outcomes;
  readonly #expiries = new TimerHeap<Segment>();
  #looks = new WeakMap<Segment, Look>();
  #segmentsLeft = SEGMENTS_PER_COMMIT;
  /** Up to when everything would have expired, had a commit batch no bound. */
  #behind = 0;
  #rules: RetentionRules;

  constructor(
    rules: RetentionRules,
    { backlog, payloads, outcomes }: { backlog: Backlog; payloads: Payloads; outcomes: Outcomes },
  ) {
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#outcomes = outcomes;
    this.#rules = rules;
    backlog.watcher = this;
  }

  set rules(rules: RetentionRules) {
    const isChanged = rules.retentionMs !== this.#rules.retentionMs;
    this.#rules = rules;
    if (!isChanged) return;
    this.#expiries.clear();
    this.#looks = new WeakMap();
    for (const segment of this.#backlog.segments()) if (segment.counts.visible > 0) this.becameVisible(segment);
  }

  /** No message expires before this time. */
  get nextExpiryAt(): number {
    return this.#expiries.nextAt;
  }

  /** Whether messages can expire at all. */
  get isBounded(): boolean {
    return this.#rules.retentionMs > 0 || this.#backlog.ruled.mayExpire;
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

  /** Lets visible messages expire, and takes down when the others would, so that it is seldom looked at again. */
  #expireIn(segment: Segment, now: number): void {
    if (segment.counts.visible === 0) return;
    const { count } = segment;
    const overdue: number[] = [];
    let nextAt = Number.POSITIVE_INFINITY;
    let nextVisibleAt = Number.POSITIVE_INFINITY;
    for (let index = 0; index < count; index += 1) {
      const state = segment.stateOf(index);
      const expiresAt = state === GONE ? Number.POSITIVE_INFINITY : this.#expiresAt(segment, index);
      if (expiresAt > now) {
        nextAt = Math.min(nextAt, expiresAt);
        if (state === VISIBLE) nextVisibleAt = Math.min(nextVisibleAt, expiresAt);
      } else {
        overdue.push(index);
        if (state === VISIBLE) this.#expire(segment, index, expiresAt, now);
      }
    }
    this.#payloads.release(segment);
    if (segment.isFinished) return;
    this.#looks.set(segment, { count, nextAt, overdue });
    if (nextVisibleAt < Number.POSITIVE_INFINITY) this.#expiries.plan(segment, nextVisibleAt);
  }

  /**
   * Plans the next look at a segment. None of its messages is older than the segment, so the payloads need not be read
   * before its time is over; after a look, not before the next of its messages expires or one that is overdue is visible.
   */
  becameVisible(segment: Segment): void {
    const at = this.#nextLookAt(segment);
    if (at < Number.POSITIVE_INFINITY) this.#expiries.plan(segment, at);
  }

  #nextLookAt(segment: Segment): number {
    const look = this.#looks.get(segment);
    if (look === undefined || look.count !== segment.count) return segment.putAt + this.#leastMsOf(segment);
    return look.overdue.some((index) => segment.stateOf(index) === VISIBLE) ? 0 : look.nextAt;
  }

  #leastMsOf({ ownRules, areDeadLetters }: Segment): number {
    return leastRetentionMs(areDeadLetters ? undefined : ownRules, this.#rules.retentionMs);
  }

  finished(segment: Segment): void {
    this.#expiries.drop(segment);
  }

  /** A message of the segment was changed, and may expire earlier than it was known to. */
  changed(segment: Segment): void {
    this.#looks.delete(segment);
  }

  #expiresAt(segment: Segment, index: number): number {
    const ms = this.#payloads.rulesOf(segment, index)?.retentionMs ?? this.#rules.retentionMs;
    if (ms === 0) return Number.POSITIVE_INFINITY;
    return ms + (segment.noteOf(index).redrivenAt ?? timeOf(this.#payloads.of(segment, index)));
  }

  #expire(segment: Segment, index: number, expiresAt: number, now: number): void {
    this.#outcomes.failed({ segment, index }, { reason: "expired", error: segment.noteOf(index).error }, now);
    if (this.#rules.deadLetterExpired) {
      segment.note(index, { reason: "expired" });
      this.#backlog.move(segment, index, DEAD, Math.max(expiresAt, segment.visibleAtOf(index)));
    } else {
      this.#backlog.remove(segment, index, "expired", true);
    }
  }
}
