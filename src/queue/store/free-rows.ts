/** Whether a row without messages must keep keys, and whether it has room for more. */
export type KeptKeys = "none" | "some" | "many";

/**
 * How many free rows a queue keeps to use again. The object reads all of them whenever it starts. Those beyond are
 * deleted, which bills the same one row as to write that they are free.
 */
export const FREE_ROWS_MAX = 64;

/**
 * How many rows one commit deletes that were free before it: keys of many rows may expire at once, and a queue may have
 * been stored by a version that deleted no row.
 */
export const OLD_ROWS_DELETED_MAX = 256;

/**
 * Which rows are in use, and which are free.
 *
 * A free row is used for the next segment: that bills the same as to delete it and to insert another. Until then it keeps
 * the totals and the keys of its commits, the keys until they have expired.
 */
export class FreeRows {
  /** The highest slot so far; slots count from 1. */
  #last = 0;
  /** The row that became free last is at the end. Some of them are not stored yet. */
  readonly #free: number[] = [];
  /** Free but for keys that have not expired. Those with room for more keys can be used again all the same. */
  readonly #kept = new Set<number>();
  readonly #keptWithRoom = new Set<number>();
  readonly #freeMax: number;

  /** @param freeMax how many free rows are kept to be used again; at least 1, which carries the totals */
  constructor(freeMax: number) {
    this.#freeMax = freeMax;
  }

  /** Counts a stored row as in use. */
  restore(slot: number): void {
    this.#last = Math.max(this.#last, slot);
  }

  /** A row to use: a free one, or a new one. */
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

  /** A row has no messages any more. */
  release(slot: number, keys: KeptKeys): void {
    if (keys === "none") this.#free.push(slot);
    else this.#kept.add(slot);
    if (keys === "some") this.#keptWithRoom.add(slot);
  }

  /** All keys of a row have expired. */
  keysExpired(slot: number): void {
    this.#keptWithRoom.delete(slot);
    if (this.#kept.delete(slot)) this.#free.push(slot);
  }

  /** Whether so many rows are free that they slow down a start of the object, and a commit is made to delete them. */
  get areTooMany(): boolean {
    return this.#excess > this.#freeMax;
  }

  /** How many more are free than are kept to be used again. */
  get #excess(): number {
    return Math.max(0, this.#free.length - this.#freeMax);
  }

  /** Removes the excess, at most so many rows, those that became free last first. They must be deleted. */
  takeExcess(most: number): number[] {
    return this.#free.splice(this.#free.length - Math.min(this.#excess, most));
  }

  /** A row without messages, in which totals may be written: if there is none, a new one that is free. */
  spare(): number {
    const [kept] = this.#kept;
    const spare = this.#free.at(-1) ?? kept;
    if (spare !== undefined) return spare;
    this.#last += 1;
    this.#free.push(this.#last);
    return this.#last;
  }
}
