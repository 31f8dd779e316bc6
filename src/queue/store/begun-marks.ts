import type { Segment } from "./segment.ts";

/**
 * How long a begun delivery may wait to be stored with another change of its segment, in milliseconds. After that the
 * segment is written for it.
 */
export const BEGIN_STORED_MS = 1_000;

/**
 * Segments for which only the memory knows with which leases a handler has begun. That is stored when the segment is
 * written for another reason, mostly because the message is acked, so that it costs no row and no commit of its own.
 */
export class BegunMarks {
  /** When each must be written. All wait equally long, so they are in the order of these times. */
  readonly #storeAt = new Map<Segment, number>();

  add(segment: Segment, now: number): void {
    if (!this.#storeAt.has(segment)) this.#storeAt.set(segment, now + BEGIN_STORED_MS);
  }

  /** Whether the state of a segment is only in memory. */
  has(segment: Segment): boolean {
    return this.#storeAt.has(segment);
  }

  /** The segment is written, or has no messages any more. */
  drop(segment: Segment): void {
    this.#storeAt.delete(segment);
  }

  /** When the first must be written; Infinity where there is none. */
  get nextAt(): number {
    for (const storeAt of this.#storeAt.values()) return storeAt;
    return Number.POSITIVE_INFINITY;
  }

  /**
   * Removes and returns the segments that must be written now.
   *
   * @param segmentsMax so many may go on waiting; beyond it the oldest are written early
   */
  takeDue(now: number, segmentsMax: number): Segment[] {
    const due: Segment[] = [];
    for (const [segment, storeAt] of this.#storeAt) {
      if (storeAt > now && this.#storeAt.size <= segmentsMax) break;
      due.push(segment);
      this.#storeAt.delete(segment);
    }
    return due;
  }
}
