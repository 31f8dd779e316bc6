import { Heap } from "./heap.ts";

interface Timer<Item> {
  at: number;
  readonly item: Item;
  /** Its index in the heap. */
  index: number;
}

/** Items and the time, in milliseconds, at which each is due. Every change costs O(log n). */
export class TimerHeap<Item> {
  #heap = emptyHeap<Item>();
  readonly #timers = new Map<Item, Timer<Item>>();

  /** Plans an item. If it is planned already, the earlier of the two times counts. */
  plan(item: Item, at: number): void {
    const planned = this.#timers.get(item);
    if (planned === undefined || at < planned.at) this.#set(item, planned, at);
  }

  /** Plans an item at this time instead of the one at which it was planned, if any; Infinity for never. */
  replan(item: Item, at: number): void {
    if (at === Number.POSITIVE_INFINITY) this.drop(item);
    else this.#set(item, this.#timers.get(item), at);
  }

  drop(item: Item): void {
    const timer = this.#timers.get(item);
    if (timer === undefined) return;
    this.#timers.delete(item);
    this.#heap.removeAt(timer.index);
  }

  /** Whether an item is due at this time or before. */
  isPlanned(item: Item, by: number): boolean {
    return (this.#timers.get(item)?.at ?? Number.POSITIVE_INFINITY) <= by;
  }

  clear(): void {
    this.#timers.clear();
    this.#heap = emptyHeap<Item>();
  }

  /** Removes and returns an item that is due; of several, the one with the earliest time. */
  take(now: number): Item | undefined {
    const timer = this.#heap.peek();
    if (timer === undefined || timer.at > now) return undefined;
    this.drop(timer.item);
    return timer.item;
  }

  /** When the first item is due; Infinity where none is planned. */
  get nextAt(): number {
    return this.#heap.peek()?.at ?? Number.POSITIVE_INFINITY;
  }

  #set(item: Item, planned: Timer<Item> | undefined, at: number): void {
    if (planned === undefined) {
      const timer = { at, item, index: 0 };
      this.#timers.set(item, timer);
      this.#heap.push(timer);
    } else {
      planned.at = at;
      this.#heap.updateAt(planned.index);
    }
  }
}

function emptyHeap<Item>(): Heap<Timer<Item>> {
  return new Heap<Timer<Item>>(
    (a, b) => a.at < b.at,
    (timer, index) => {
      timer.index = index;
    },
  );
}
