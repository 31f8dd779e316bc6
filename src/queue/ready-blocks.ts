import type { Block } from "./block.ts";
import { Heap } from "./heap.ts";
import type { Order } from "./orders.ts";

/** The blocks with visible messages that are in no group. */
export class ReadyBlocks {
  /** May also hold blocks that have no visible messages any more. */
  readonly #heap: Heap<Block>;
  readonly #members = new Set<Block>();

  constructor(order: Order) {
    this.#heap = new Heap<Block>(order.isBefore);
  }

  add(block: Block): void {
    if (this.#members.has(block)) return;
    this.#members.add(block);
    this.#heap.push(block);
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
}
