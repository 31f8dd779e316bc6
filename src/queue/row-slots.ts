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
  /** Free but for keys that have not expired. */
  readonly #kept = new Set<number>();

  restore(slot: number, use: "used" | "kept" | "free"): void {
    this.#last = Math.max(this.#last, slot);
    if (use !== "used") this.release(slot, use === "kept");
  }

  take(): number {
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;
    this.#last += 1;
    return this.#last;
  }

  release(slot: number, isKept: boolean): void {
    if (isKept) this.#kept.add(slot);
    else this.#free.push(slot);
  }

  keysExpired(slot: number): void {
    if (this.#kept.delete(slot)) this.#free.push(slot);
  }

  get any(): number {
    if (this.#last === 0) this.#free.push(this.take());
    return this.#last;
  }
}
