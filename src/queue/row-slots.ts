/** Whether a row without messages must keep idempotency keys, and has room for more. */
export type KeptKeys = "none" | "some" | "many";

/**
 * Which rows are free.
 *
 * Rows are never deleted but written over: that bills the same, and the row goes on carrying the totals and the
 * idempotency keys of its commits until these have expired. A queue keeps as many rows as it once needed.
 */
export class RowSlots {
  /** The highest slot so far; slots count from 1. */
  #last = 0;
  readonly #free: number[] = [];
  /** Free but for keys that have not expired. Those with room for more keys can be used again all the same. */
  readonly #kept = new Set<number>();
  readonly #keptWithRoom = new Set<number>();

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

  /** A row that exists; where there is none, one that is free. */
  some(): number {
    if (this.#last === 0) this.#free.push(this.take());
    return this.#last;
  }
}
