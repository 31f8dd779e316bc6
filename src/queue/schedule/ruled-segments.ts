import type { Segment } from "../store/segment.ts";

/** The segments whose messages may die or expire by rules of their own, whatever the settings of the queue are. */
export class RuledSegments {
  readonly #withAttempts = new Set<Segment>();
  readonly #withRetention = new Set<Segment>();

  /** A segment was restored, or a message was added to it. */
  note(segment: Segment): void {
    const { ownRules, areDeadLetters } = segment;
    if (ownRules === undefined || areDeadLetters) return;
    if (ownRules.maxAttempts) this.#withAttempts.add(segment);
    if (ownRules.retentionMs) this.#withRetention.add(segment);
  }

  /** The segment has no messages any more. */
  finished(segment: Segment): void {
    this.#withAttempts.delete(segment);
    this.#withRetention.delete(segment);
  }

  /** Whether a message may have a bound of its own for its attempts. */
  get mayDie(): boolean {
    return this.#withAttempts.size > 0;
  }

  /** Whether a message may have a retention of its own. */
  get mayExpire(): boolean {
    return this.#withRetention.size > 0;
  }
}
