import type { DirtyPart } from "./rows.ts";
import type { Segment } from "./segment.ts";

/** How long what was begun may wait to be stored with something else, in milliseconds. Then it is written by itself. */
export const BEGIN_STORED_MS = 1_000;

/**
 * Segments of which is only known in memory with which leases a handler has begun. That is stored when the segment is written
 * for another reason, mostly because the message is acked, so that it costs no row and no commit of its own.
 */
export class BegunMarks {
  /** When each is to be written by itself; in the order of these times, because all wait equally long. */
  readonly #storeAt = new Map<Segment, number>();

  add(segment: Segment, now: number): void {
    if (!this.#storeAt.has(segment)) this.#storeAt.set(segment, now + BEGIN_STORED_MS);
  }

  /** Whether the state of a segment must not be forgotten. */
  has(segment: Segment): boolean {
    return this.#storeAt.has(segment);
  }

  /** When the first is to be written by itself; Infinity where there is none. */
  get nextAt(): number {
    for (const storeAt of this.#storeAt.values()) return storeAt;
    return Number.POSITIVE_INFINITY;
  }

  /**
   * To be called before what is dirty is written: adds the segments that are to be written now for their marks alone, and
   * forgets all that are written, or are no more.
   *
   * @param segmentsMax so many may go on waiting; beyond it the oldest are written before their time
   */
  save(dirty: Map<Segment, DirtyPart>, now: number, segmentsMax: number): void {
    for (const segment of dirty.keys()) this.#storeAt.delete(segment);
    for (const [segment, storeAt] of this.#storeAt) {
      if (storeAt > now && this.#storeAt.size <= segmentsMax) return;
      dirty.set(segment, "update");
      this.#storeAt.delete(segment);
    }
  }
}
