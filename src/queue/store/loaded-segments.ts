import type { RowReader } from "./rows.ts";
import type { Segment, SegmentState } from "./segment.ts";

/** The segments whose state may be in memory. Those that were used longest ago are let go first. */
export class LoadedSegments {
  readonly #reader: RowReader;
  /** The one used last is at the end. */
  readonly #segments = new Set<Segment>();
  #usedLast: Segment | undefined;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** Puts a segment at the end. Mostly it is there, because messages of one segment move together. */
  use(segment: Segment): void {
    if (segment === this.#usedLast) return;
    this.#usedLast = segment;
    this.#segments.delete(segment);
    this.#segments.add(segment);
  }

  /** Lets go of a segment that is done with. */
  drop(segment: Segment): void {
    if (segment === this.#usedLast) this.#usedLast = undefined;
    this.#segments.delete(segment);
  }

  /** Lets go of a state, which must be stored as it is. */
  unload(segment: Segment): void {
    this.drop(segment);
    segment.unload(() => this.#load(segment));
  }

  /**
   * Lets go of the states that were used longest ago, until there are so many.
   *
   * @param isKept whether a state is not stored as it is
   */
  unloadOldest(segmentsMax: number, isKept: (segment: Segment) => boolean): void {
    for (const segment of this.#segments) {
      if (this.#segments.size <= segmentsMax) return;
      if (!isKept(segment)) this.unload(segment);
    }
  }

  /** Whoever needs a state, to change it or only to look, has it counted here among those in memory. */
  #load(segment: Segment): SegmentState {
    this.use(segment);
    return this.#reader.state(segment.slot);
  }
}
