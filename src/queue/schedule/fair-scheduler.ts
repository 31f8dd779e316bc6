import type { OrderName } from "../base/configuration.ts";
import type { Place } from "../base/receipt.ts";
import type { Segment } from "../store/segment.ts";
import { Groups } from "./groups.ts";
import { ORDERS, type Order } from "./orders.ts";
import { ReadySegments } from "./ready-segments.ts";

/** Whose turn it is: the messages of a group, or those in no group, each in the queue's order. */
export class FairScheduler {
  order: Order;
  groups: Groups;
  #ready: ReadySegments;
  readonly #segmentAt: (place: Place) => Segment | undefined;

  constructor(order: OrderName, maxLeasedPerGroup: number, segmentAt: (place: Place) => Segment | undefined) {
    this.order = ORDERS[order];
    this.#segmentAt = segmentAt;
    this.#ready = new ReadySegments(this.order);
    this.groups = new Groups(this.order, maxLeasedPerGroup, segmentAt);
  }

  /** Begins anew, in this order, for a queue that is empty. */
  reset(order: Order): void {
    this.order = order;
    this.#ready = new ReadySegments(order);
    this.groups = new Groups(order, this.groups.maxLeased, this.#segmentAt);
  }

  /** A segment may have messages that became visible. */
  becameVisible(segment: Segment): void {
    if (!segment.isGrouped) this.#ready.add(segment);
  }

  /** A segment is done with. */
  finished(segment: Segment): void {
    this.groups.forget(segment);
    this.#ready.drop(segment);
  }

  /** The visible message that is next. */
  next(): { segment: Segment; index: number } | undefined {
    const segment = this.#ready.first();
    const place = this.groups.next(segment?.priority);
    if (place !== undefined) return { segment: this.#segmentAt(place) as Segment, index: place.index };
    return segment && { segment, index: this.order.nextIn(segment) };
  }
}
