import type { MessageRules } from "./base/commands.ts";
import type { Settings } from "./base/configuration.ts";
import { TimerHeap } from "./base/timer-heap.ts";
import type { Backlog } from "./schedule/backlog.ts";
import type { SegmentWatcher } from "./schedule/segment-watcher.ts";
import { kindsOf, OWN_RETENTION, ownRulesOf } from "./store/own-rules.ts";
import { timeOf } from "./store/payload-text.ts";
import type { Payloads } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, GONE, VISIBLE } from "./store/states.ts";

/** Bounds what one commit batch reads and changes: a backlog that expires all at once takes many commit batches. */
const SEGMENTS_PER_COMMIT = 256;

/** The shortest retention that a message may have of its own. */
const OWN_RETENTION_MS_MIN = 1_000;

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
  /** The shortest retention that messages of a segment have of their own, in milliseconds; absent until it is read. */
  readonly #leastOwn = new WeakMap<Segment, number>();
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
    return this.#rules.retentionMs > 0 || (this.#backlog.ownRules & OWN_RETENTION) !== 0;
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
    if ((segment.ownRules & OWN_RETENTION) !== 0) this.#leastOwn.set(segment, this.#leastOwnIn(segment));
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
    const retentionMs = this.#leastOf(segment);
    if (retentionMs < Number.POSITIVE_INFINITY) this.#expiries.plan(segment, segment.putAt + retentionMs);
  }

  /** The shortest retention that a message of a segment may have; Infinity if none expires. */
  #leastOf(segment: Segment): number {
    const { retentionMs } = this.#rules;
    const least = retentionMs > 0 ? retentionMs : Number.POSITIVE_INFINITY;
    if (segment.areDeadLetters || (segment.ownRules & OWN_RETENTION) === 0) return least;
    return Math.min(least, this.#leastOwn.get(segment) ?? OWN_RETENTION_MS_MIN);
  }

  /** Notes what a message that is about to be put into a segment has of its own. */
  noteRules(segment: Segment, rules: MessageRules): void {
    const kinds = kindsOf(rules);
    const wasKnown = (segment.ownRules & OWN_RETENTION) === 0 || this.#leastOwn.has(segment);
    if (wasKnown && (kinds & OWN_RETENTION) !== 0) {
      const own = rules.retentionMs || Number.POSITIVE_INFINITY;
      this.#leastOwn.set(segment, Math.min(own, this.#leastOwn.get(segment) ?? Number.POSITIVE_INFINITY));
    }
    segment.ownRules |= kinds;
    this.#backlog.ownRules |= kinds;
  }

  adopted(segment: Segment): void {
    this.#leastOwn.delete(segment);
  }

  finished(segment: Segment): void {
    this.#expiries.drop(segment);
  }

  /** Infinity for a message that does not expire. */
  #expiresAt(segment: Segment, index: number): number {
    const own = ownRulesOf(this.#payloads, { segment, index }, OWN_RETENTION)?.retentionMs;
    const retentionMs = own ?? this.#rules.retentionMs;
    if (retentionMs === 0) return Number.POSITIVE_INFINITY;
    const since = segment.noteOf(index).redrivenAt ?? timeOf(this.#payloads.of(segment, index));
    return since + retentionMs;
  }

  /** Of all messages that are left in a segment, because those that are not visible may be so later. */
  #leastOwnIn(segment: Segment): number {
    let least = Number.POSITIVE_INFINITY;
    for (let index = 0; index < segment.count; index += 1) {
      if (segment.stateOf(index) === GONE) continue;
      const own = ownRulesOf(this.#payloads, { segment, index }, OWN_RETENTION)?.retentionMs;
      least = Math.min(least, own || Number.POSITIVE_INFINITY);
    }
    return least;
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
