import { Heap } from "../base/heap.ts";
import type { Segment } from "../store/segment.ts";
import type { Order } from "./orders.ts";

/** How many segments that are done with are left in the heap. */
const STALE_MAX = 1_000;

/** The segments with visible messages that are in no group. */
export class ReadySegments {
  readonly #order: Order;
  /** May also hold segments that are done with, which are no members. */
  #heap: Heap<Segment>;
  readonly #members = new Set<Segment>();

  constructor(order: Order) {
    this.#order = order;
    this.#heap = new Heap<Segment>(order.isBefore);
  }

  add(segment: Segment): void {
    if (this.#members.has(segment)) return;
    this.#members.add(segment);
    this.#heap.push(segment);
  }

  get size(): number {
    return this.#heap.size;
  }

  /** The segment whose messages are next in order. */
  first(): Segment | undefined {
    for (let segment = this.#heap.peek(); segment !== undefined; segment = this.#heap.peek()) {
      if (segment.visible > 0) return segment;
      this.#heap.pop();
      this.#members.delete(segment);
    }
    return undefined;
  }

  /** Lets go of a segment that is done with: where nobody receives, it would never come to be the first. */
  drop(segment: Segment): void {
    this.#members.delete(segment);
    if (this.#heap.size <= 2 * this.#members.size + STALE_MAX) return;
    this.#heap = new Heap<Segment>(this.#order.isBefore);
    for (const member of this.#members) this.#heap.push(member);
  }
}
