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
  /** Whether messages of different priorities may share a block. */
  sharesBlocks: boolean;
}

/** First in, first out. */
const fifo: Order = {
  isBefore: (a, b) => a.number < b.number,
  nextIn: (block) => block.firstVisible(),
  sharesBlocks: true,
};

/** Last in, first out. */
const lifo: Order = {
  isBefore: (a, b) => a.number > b.number,
  nextIn: (block) => block.lastVisible(),
  sharesBlocks: true,
};

/** Lowest number first, as in Python; first in, first out among equals. */
const priority: Order = {
  isBefore: (a, b) => a.priority < b.priority || (a.priority === b.priority && a.number < b.number),
  nextIn: (block) => block.firstVisible(),
  sharesBlocks: false,
};

export const ORDERS: Readonly<Record<OrderName, Order>> = { fifo, lifo, priority };
