/** Whether a row without messages must keep idempotency keys, and has room for more. */
export type KeptKeys = "none" | "some" | "many";

/**
 * How many free rows a queue keeps to use again; each waking reads all that there are. Beyond these they are deleted,
 * which bills the same one row as to write that they are free.
 */
export const FREE_ROWS_MAX = 64;

/**
 * How many rows one commit deletes that were free before it: keys of many rows may expire at once, and a queue may have
 * been stored when no row was deleted.
 */
export const OLD_ROWS_DELETED_MAX = 256;

/**
 * Which rows are free.
 *
 * A row that is free is written over by what comes next: that bills the same as to delete it and to make a new one. It
 * goes on carrying the totals and the idempotency keys of its commits until these have expired.
 */
export class RowSlots {
  /** The highest slot so far; slots count from 1. */
  #last = 0;
  /** The one that became free last is at the end. Not of each is a row stored. */
  readonly #free: number[] = [];
  /** Free but for keys that have not expired. Those with room for more keys can be used again all the same. */
  readonly #kept = new Set<number>();
  readonly #keptWithRoom = new Set<number>();
  readonly #freeMax: number;

  /** @param freeMax how many free rows are kept to be used again; at least 1, which carries the totals */
  constructor(freeMax: number) {
    this.#freeMax = freeMax;
  }

  /** Takes back a row from storage. */
  restore(slot: number): void {
    this.#last = Math.max(this.#last, slot);
  }

  take(): number {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    for (const kept of this.#keptWithRoom) {
      this.#kept.delete(kept);
      this.#keptWithRoom.delete(kept);
      return kept;
    }
    this.#last += 1;
    return this.#last;
  }

  release(slot: number, keys: KeptKeys): void {
    if (keys === "none") this.#free.push(slot);
    else this.#kept.add(slot);
    if (keys === "some") this.#keptWithRoom.add(slot);
  }

  keysExpired(slot: number): void {
    this.#keptWithRoom.delete(slot);
    if (this.#kept.delete(slot)) this.#free.push(slot);
  }

  /** How many more are free than are kept to be used again. */
  get excess(): number {
    return Math.max(0, this.#free.length - this.#freeMax);
  }

  /** Takes those that are too many, at most so many; first those that became free last. Their rows must be deleted. */
  takeExcess(most: number): number[] {
    return this.#free.splice(this.#free.length - Math.min(this.excess, most));
  }

  /** A row without messages, in which totals may be written; where there is none, a new one that is free. */
  spare(): number {
    const [kept] = this.#kept;
    const spare = this.#free.at(-1) ?? kept;
    if (spare !== undefined) return spare;
    this.#last += 1;
    this.#free.push(this.#last);
    return this.#last;
  }
}
