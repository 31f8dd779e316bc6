import type { OrderName } from "../base/configuration.ts";
import type { Place } from "../base/receipt.ts";
import type { Segment } from "../store/segment.ts";
import { SEGMENT_MESSAGES_MAX } from "../store/segment-summary.ts";

/**
 * In which order messages are handed out, without an index: by the order of segments and of messages within a segment.
 * A redelivered message is at its old place, so it keeps its turn.
 */
export interface Order {
  /** Whether messages of different priorities may share a segment. */
  sharesSegments: boolean;
  /** Whether `a` is handed out before `b`. */
  isBefore(a: Segment, b: Segment): boolean;
  /** The visible message of a segment that is next in it. */
  nextIn(segment: Segment): number;
  /** The order of places as a number, the first one the lowest. */
  rankOf(segment: Segment, index: number): number;
  /** The place that has this rank. */
  placeOf(rank: number): Place;
  /** The priority in a rank; 0 where the order ignores priorities. */
  priorityOf(rank: number): number;
}

/** More places than a queue ever has. 256 priorities times as many places are still exact integers. */
const PLACES_MAX = 2 ** 45;

function numberOf(segmentNumber: number, index: number): number {
  return segmentNumber * SEGMENT_MESSAGES_MAX + index;
}

function placeNumbered(number: number): Place {
  return { segmentNumber: Math.floor(number / SEGMENT_MESSAGES_MAX), index: number % SEGMENT_MESSAGES_MAX };
}

/** First in, first out. */
const fifo: Order = {
  sharesSegments: true,
  isBefore: (a, b) => a.number < b.number,
  nextIn: (segment) => segment.firstVisible(),
  rankOf: (segment, index) => numberOf(segment.number, index),
  placeOf: (rank) => placeNumbered(rank),
  priorityOf: () => 0,
};

/** Last in, first out. */
const lifo: Order = {
  sharesSegments: true,
  isBefore: (a, b) => a.number > b.number,
  nextIn: (segment) => segment.lastVisible(),
  rankOf: (segment, index) => -numberOf(segment.number, index),
  placeOf: (rank) => placeNumbered(-rank),
  priorityOf: () => 0,
};

/** Lowest number first, as in Python; first in, first out among equals. */
const priority: Order = {
  sharesSegments: false,
  isBefore: (a, b) => a.priority < b.priority || (a.priority === b.priority && a.number < b.number),
  nextIn: (segment) => segment.firstVisible(),
  rankOf: (segment, index) => segment.priority * PLACES_MAX + numberOf(segment.number, index),
  placeOf: (rank) => placeNumbered(rank % PLACES_MAX),
  priorityOf: (rank) => Math.floor(rank / PLACES_MAX),
};

/** The order of each name. */
export const ORDERS: Readonly<Record<OrderName, Order>> = { fifo, lifo, priority };
