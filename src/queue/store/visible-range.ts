import { DamagedRow } from "../base/damage.ts";
import { GONE, type State, VISIBLE } from "./states.ts";

/** The segment that is searched. */
interface Searched {
  readonly slot: number;
  readonly number: number;
  readonly count: number;
  readonly counts: { readonly visible: number };
  stateOf(index: number): State;
}

/** Between which indexes the visible messages of a segment are, so that a search need not begin at its end. */
export class VisibleRange {
  /** No visible message has a lower index than the first, or a higher one than the last. */
  #first = 0;
  #last = -1;

  /** Any of so many messages may be visible. */
  reset(count: number): void {
    this.#first = 0;
    this.#last = count - 1;
  }

  /** A message is visible now. */
  add(index: number): void {
    this.#first = Math.min(this.#first, index);
    this.#last = Math.max(this.#last, index);
  }

  /** The first visible message. Throws `DamagedRow` if there is none, although the summary counts some. */
  first(segment: Searched): number {
    for (; this.#first < segment.count; this.#first += 1) {
      if (segment.stateOf(this.#first) === VISIBLE) return this.#first;
    }
    throw without(segment, `of ${segment.counts.visible} visible messages`);
  }

  /** The last visible message. Throws `DamagedRow` if there is none, although the summary counts some. */
  last(segment: Searched): number {
    for (; this.#last >= 0; this.#last -= 1) {
      if (segment.stateOf(this.#last) === VISIBLE) return this.#last;
    }
    throw without(segment, `of ${segment.counts.visible} visible messages`);
  }
}

/** The first message that is not gone. Throws `DamagedRow` if there is none, although the summary counts some. */
export function firstPresent(segment: Searched): number {
  for (let index = 0; index < segment.count; index += 1) if (segment.stateOf(index) !== GONE) return index;
  throw without(segment, `of ${segment.count} messages any`);
}

function without({ slot, number }: Searched, expected: string): DamagedRow {
  return new DamagedRow(slot, `segment ${number} has none ${expected}`);
}
