/**
 * A binary heap whose items can also be removed from the middle: reading the smallest item costs O(1), every change
 * O(log n).
 *
 * The heap does not search. It reports the index of each item whenever that changes, and the owner keeps it where a
 * lookup costs least: in the item, in a map, in an array.
 */
export class Heap<Item> {
  readonly #items: Item[] = [];
  readonly #isBefore: (a: Item, b: Item) => boolean;
  readonly #placed: (item: Item, index: number) => void;

  /** @param placed is called with the index of an item whenever it is added or moves. It must not change the heap. */
  constructor(isBefore: (a: Item, b: Item) => boolean, placed: (item: Item, index: number) => void) {
    this.#isBefore = isBefore;
    this.#placed = placed;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The smallest item. */
  peek(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    this.#rise(item, this.#items.length);
  }

  /** Removes the smallest item. */
  pop(): Item | undefined {
    const first = this.#items[0];
    this.removeAt(0);
    return first;
  }

  removeAt(index: number): void {
    const last = this.#items.pop();
    if (last !== undefined && index < this.#items.length) this.#settle(last, index);
  }

  /** Moves an item to its place after its order has changed. */
  updateAt(index: number): void {
    this.#settle(this.#items[index] as Item, index);
  }

  #settle(item: Item, index: number): void {
    const isInOrder = index === 0 || !this.#isBefore(item, this.#items[(index - 1) >> 1] as Item);
    if (isInOrder) this.#sink(item, index);
    else this.#rise(item, index);
  }

  /** Puts an item at an index, or as far above it as it belongs. */
  #rise(item: Item, from: number): void {
    const items = this.#items;
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex] as Item;
      if (!this.#isBefore(item, parent)) break;
      this.#put(parent, index);
      index = parentIndex;
    }
    this.#put(item, index);
  }

  /** Puts an item at an index, or as far below it as it belongs. */
  #sink(item: Item, from: number): void {
    const items = this.#items;
    let index = from;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= items.length) break;
      let child = items[childIndex] as Item;
      const right = items[childIndex + 1];
      if (right !== undefined && this.#isBefore(right, child)) {
        child = right;
        childIndex += 1;
      }
      if (!this.#isBefore(child, item)) break;
      this.#put(child, index);
      index = childIndex;
    }
    this.#put(item, index);
  }

  #put(item: Item, index: number): void {
    this.#items[index] = item;
    this.#placed(item, index);
  }
}
