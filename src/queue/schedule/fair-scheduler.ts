import type { OrderName } from "../base/configuration.ts";
import type { Place } from "../base/receipt.ts";
import type { Block } from "../store/segment.ts";
import { Groups } from "./groups.ts";
import { ORDERS, type Order } from "./orders.ts";
import { ReadyBlocks } from "./ready-segments.ts";

/** Whose turn it is: the messages of a group, or those in no group, each in the queue's order. */
export class Turns {
  order: Order;
  groups: Groups;
  #ready: ReadyBlocks;
  readonly #blockAt: (place: Place) => Block | undefined;

  constructor(order: OrderName, maxLeasedPerGroup: number, blockAt: (place: Place) => Block | undefined) {
    this.order = ORDERS[order];
    this.#blockAt = blockAt;
    this.#ready = new ReadyBlocks(this.order);
    this.groups = new Groups(this.order, maxLeasedPerGroup, blockAt);
  }

  /** Begins anew, in this order, for a queue that is empty. */
  reset(order: Order): void {
    this.order = order;
    this.#ready = new ReadyBlocks(order);
    this.groups = new Groups(order, this.groups.maxLeased, this.#blockAt);
  }

  /** A block may have messages that became visible. */
  becameVisible(block: Block): void {
    if (!block.isGrouped) this.#ready.add(block);
  }

  /** A block is done with. */
  finished(block: Block): void {
    this.groups.forget(block);
    this.#ready.drop(block);
  }

  /** The visible message that is next. */
  next(): { block: Block; index: number } | undefined {
    const block = this.#ready.first();
    const place = this.groups.next(block?.priority);
    if (place !== undefined) return { block: this.#blockAt(place) as Block, index: place.index };
    return block && { block, index: this.order.nextIn(block) };
  }
}
