import type { Block } from "./block.ts";

export type OrderName = "fifo" | "lifo" | "priority";

/**
 * In which order messages are handed out, without an index: by the order of blocks and of messages within a block.
 * A message that comes back is at its old place, so it keeps its turn.
 */
export interface Order {
  /** Whether `a` is handed out before `b`. */
  isBefore(a: Block, b: Block): boolean;
  /** The visible message of a block that is next in it. */
  nextIn(block: Block): number;
  /** Only messages of the same lane share a block. */
  laneOf(priority: number): number;
}

/** First in, first out. */
const fifo: Order = {
  isBefore: (a, b) => a.number < b.number,
  nextIn: (block) => block.firstVisible(),
  laneOf: () => 0,
};

/** Last in, first out. */
const lifo: Order = {
  isBefore: (a, b) => a.number > b.number,
  nextIn: (block) => block.lastVisible(),
  laneOf: () => 0,
};

/** Lowest number first, as in Python; first in, first out among equals. */
const priority: Order = {
  isBefore: (a, b) => a.priority < b.priority || (a.priority === b.priority && a.number < b.number),
  nextIn: (block) => block.firstVisible(),
  laneOf: (priority) => priority,
};

export const ORDERS: Readonly<Record<OrderName, Order>> = { fifo, lifo, priority };
