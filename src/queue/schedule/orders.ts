import type { OrderName } from "../base/configuration.ts";
import type { Place } from "../base/receipt.ts";
import { BLOCK_MESSAGES_MAX, type Block } from "../store/segment.ts";

/**
 * In which order messages are handed out, without an index: by the order of blocks and of messages within a block.
 * A message that comes back is at its old place, so it keeps its turn.
 */
export interface Order {
  /** Whether messages of different priorities may share a block. */
  sharesBlocks: boolean;
  /** Whether `a` is handed out before `b`. */
  isBefore(a: Block, b: Block): boolean;
  /** The visible message of a block that is next in it. */
  nextIn(block: Block): number;
  /** The order of places as a number, the first one the lowest. */
  rankOf(block: Block, index: number): number;
  placeOf(rank: number): Place;
  /** The priority that counts, from a rank. */
  priorityOf(rank: number): number;
}

/** More places than there will ever be: 256 priorities of so many are still whole numbers. */
const PLACES_MAX = 2 ** 45;

function numberOf(blockNumber: number, index: number): number {
  return blockNumber * BLOCK_MESSAGES_MAX + index;
}

function placeNumbered(number: number): Place {
  return { blockNumber: Math.floor(number / BLOCK_MESSAGES_MAX), index: number % BLOCK_MESSAGES_MAX };
}

/** First in, first out. */
const fifo: Order = {
  sharesBlocks: true,
  isBefore: (a, b) => a.number < b.number,
  nextIn: (block) => block.firstVisible(),
  rankOf: (block, index) => numberOf(block.number, index),
  placeOf: (rank) => placeNumbered(rank),
  priorityOf: () => 0,
};

/** Last in, first out. */
const lifo: Order = {
  sharesBlocks: true,
  isBefore: (a, b) => a.number > b.number,
  nextIn: (block) => block.lastVisible(),
  rankOf: (block, index) => -numberOf(block.number, index),
  placeOf: (rank) => placeNumbered(-rank),
  priorityOf: () => 0,
};

/** Lowest number first, as in Python; first in, first out among equals. */
const priority: Order = {
  sharesBlocks: false,
  isBefore: (a, b) => a.priority < b.priority || (a.priority === b.priority && a.number < b.number),
  nextIn: (block) => block.firstVisible(),
  rankOf: (block, index) => block.priority * PLACES_MAX + numberOf(block.number, index),
  placeOf: (rank) => placeNumbered(rank % PLACES_MAX),
  priorityOf: (rank) => Math.floor(rank / PLACES_MAX),
};

export const ORDERS: Readonly<Record<OrderName, Order>> = { fifo, lifo, priority };
