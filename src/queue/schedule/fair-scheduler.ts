import type { OrderName } from "../base/configuration.ts";
import { Heap } from "../base/heap.ts";
import type { Place } from "../base/receipt.ts";
import type { Segment } from "../store/segment.ts";
import { Groups } from "./groups.ts";
import { ORDERS, type Order } from "./orders.ts";

/** Decides which visible message is next: one of a group, or one in no group, each in the queue's order. */
export class FairScheduler {
  order: Order;
  groups: Groups;
  /** The segments with visible messages that are in no group, and the index of each in the heap. */
  #ready: Heap<Segment>;
  readonly #readyIndexes = new Map<Segment, number>();
  readonly #segmentAt: (place: Place) => Segment | undefined;

  constructor(order: OrderName, maxLeasedPerGroup: number, segmentAt: (place: Place) => Segment | undefined) {
    this.order = ORDERS[order];
    this.#segmentAt = segmentAt;
    this.#ready = this.#emptyHeap();
    this.groups = new Groups(this.order, maxLeasedPerGroup);
  }

  /** Starts again without messages, in this order. */
  reset(order: Order): void {
    this.order = order;
    this.#readyIndexes.clear();
    this.#ready = this.#emptyHeap();
    this.groups = new Groups(order, this.groups.maxLeased);
  }

  #emptyHeap(): Heap<Segment> {
    return new Heap(this.order.isBefore, (segment, index) => this.#readyIndexes.set(segment, index));
  }

  /** The segment has visible messages. */
  becameVisible(segment: Segment): void {
    if (!segment.isGrouped && !this.#readyIndexes.has(segment)) this.#ready.push(segment);
  }

  /** The segment has no visible message any more. */
  becameHidden(segment: Segment): void {
    const index = this.#readyIndexes.get(segment);
    if (index === undefined) return;
    this.#readyIndexes.delete(segment);
    this.#ready.removeAt(index);
  }

  /** The segment has no messages any more. */
  finished(segment: Segment): void {
    this.groups.forget(segment);
    this.becameHidden(segment);
  }

  /** The visible message that is next. */
  next(): { segment: Segment; index: number } | undefined {
    const segment = this.#ready.peek();
    const place = this.groups.next(segment?.priority);
    if (place !== undefined) return { segment: this.#segmentAt(place) as Segment, index: place.index };
    return segment && { segment, index: this.order.nextIn(segment) };
  }
}
