import { Heap } from "../base/heap.ts";
import type { Block } from "../store/segment.ts";
import type { Order } from "./orders.ts";

/** How many blocks that are done with are left in the heap. */
const STALE_MAX = 1_000;

/** The blocks with visible messages that are in no group. */
export class ReadyBlocks {
  readonly #order: Order;
  /** May also hold blocks that are done with, which are no members. */
  #heap: Heap<Block>;
  readonly #members = new Set<Block>();

  constructor(order: Order) {
    this.#order = order;
    this.#heap = new Heap<Block>(order.isBefore);
  }

  add(block: Block): void {
    if (this.#members.has(block)) return;
    this.#members.add(block);
    this.#heap.push(block);
  }

  get size(): number {
    return this.#heap.size;
  }

  /** The block whose messages are next in order. */
  first(): Block | undefined {
    for (let block = this.#heap.peek(); block !== undefined; block = this.#heap.peek()) {
      if (block.visible > 0) return block;
      this.#heap.pop();
      this.#members.delete(block);
    }
    return undefined;
  }

  /** Lets go of a block that is done with: where nobody receives, it would never come to be the first. */
  drop(block: Block): void {
    this.#members.delete(block);
    if (this.#heap.size <= 2 * this.#members.size + STALE_MAX) return;
    this.#heap = new Heap<Block>(this.#order.isBefore);
    for (const member of this.#members) this.#heap.push(member);
  }
}
