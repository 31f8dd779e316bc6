import type { RowReader } from "../store/rows.ts";
import type { Segment } from "../store/segment.ts";
import type { SegmentState } from "../store/segment-summary.ts";

/** The segments whose state may be in memory. Those that were used longest ago are dropped first. */
export class LoadedSegments {
  readonly #reader: RowReader;
  /** The segment that was used last is at the end. */
  readonly #segments = new Set<Segment>();
  #usedLast: Segment | undefined;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** Puts a segment at the end. Mostly it is there already, because messages of one segment change together. */
  use(segment: Segment): void {
    if (segment === this.#usedLast) return;
    this.#usedLast = segment;
    this.#segments.delete(segment);
    this.#segments.add(segment);
  }

  /** Forgets a segment that has no messages any more. */
  drop(segment: Segment): void {
    if (segment === this.#usedLast) this.#usedLast = undefined;
    this.#segments.delete(segment);
  }

  /** Drops a state from memory, which must be stored as it is. */
  unload(segment: Segment): void {
    this.drop(segment);
    segment.unload(() => this.#load(segment));
  }

  /**
   * Drops the states that were used longest ago, until no more than so many are left.
   *
   * @param isKept whether a state must stay, because it is not stored as it is
   */
  unloadOldest(segmentsMax: number, isKept: (segment: Segment) => boolean): void {
    for (const segment of this.#segments) {
      if (this.#segments.size <= segmentsMax) return;
      if (!isKept(segment)) this.unload(segment);
    }
  }

  /** Every use of a state, to change it or only to read it, counts it among those in memory. */
  #load(segment: Segment): SegmentState {
    this.use(segment);
    return this.#reader.state(segment.slot);
  }
}
