import { Heap } from "../base/heap.ts";

interface Entry<Item> {
  at: number;
  item: Item;
}

function isBefore<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  return a.at < b.at;
}

/** When things must be looked at again: each once, never later than something happens to it, or in it. */
export class TimerHeap<Item> {
  /** May also hold what is not planned any more. */
  #entries = new Heap<Entry<Item>>(isBefore);
  readonly #plannedAt = new Map<Item, number>();

  /** Of two times for an item the earlier one counts. */
  plan(item: Item, at: number): void {
    const planned = this.#plannedAt.get(item);
    if (planned !== undefined && planned <= at) return;
    this.#plannedAt.set(item, at);
    this.#entries.push({ at, item });
    if (this.#entries.size > 2 * this.#plannedAt.size + 1_000) this.#sweep();
  }

  drop(item: Item): void {
    this.#plannedAt.delete(item);
  }

  isPlanned(item: Item, by: number): boolean {
    return (this.#plannedAt.get(item) ?? Number.POSITIVE_INFINITY) <= by;
  }

  clear(): void {
    this.#plannedAt.clear();
    this.#sweep();
  }

  /** Takes an item off whose time has come. */
  take(now: number): Item | undefined {
    if (this.nextAt > now) return undefined;
    const next = this.#entries.pop();
    if (next !== undefined) this.#plannedAt.delete(next.item);
    return next?.item;
  }

  /** Infinity when nothing is planned. */
  get nextAt(): number {
    for (let next = this.#entries.peek(); next !== undefined; next = this.#entries.peek()) {
      if (this.#plannedAt.get(next.item) === next.at) return next.at;
      this.#entries.pop();
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Drops what is not planned any more, which would stay in memory for as long as a lease can last. */
  #sweep(): void {
    this.#entries = new Heap<Entry<Item>>(isBefore);
    for (const [item, at] of this.#plannedAt) this.#entries.push({ at, item });
  }
}
