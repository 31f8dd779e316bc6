import type { NewMessage } from "../base/commands.ts";
import { SEGMENT_BYTES_MAX } from "../base/row-budget.ts";
import type { RowTable } from "../store/row-table.ts";
import type { Segment } from "../store/segment.ts";
import { SEGMENT_MESSAGES_MAX, type SegmentKind } from "../store/segment-summary.ts";
import { sumOf } from "../store/states.ts";
import type { Order } from "./orders.ts";

/** Kinds with one key are handed out in one order: of their segments only the newest may take messages. */
type KindKey = number;

function keyOf({ priority, isGrouped }: SegmentKind): KindKey {
  return 2 * priority + Number(isGrouped);
}

/** The segments of each kind in the order of their making, and which of them takes the next message. */
export class SegmentsByKind {
  readonly #rows: RowTable;
  readonly #newSegment: (kind: SegmentKind, now: number) => Segment;
  readonly #segments = new Map<KindKey, Set<Segment>>();
  /** The segment that takes the next messages. */
  readonly #open = new Map<KindKey, Segment>();

  /** @param newSegment makes a segment and enters it here */
  constructor(rows: RowTable, newSegment: (kind: SegmentKind, now: number) => Segment) {
    this.#rows = rows;
    this.#newSegment = newSegment;
  }

  enter(segment: Segment): void {
    const key = keyOf(segment);
    const segments = this.#segments.get(key);
    if (segments === undefined) this.#segments.set(key, new Set([segment]));
    else segments.add(segment);
    this.#open.set(key, segment);
  }

  leave(segment: Segment): void {
    const key = keyOf(segment);
    this.#segments.get(key)?.delete(segment);
    if (this.#open.get(key) === segment) this.#open.delete(key);
  }

  /** Of each kind, the first segment with a message: the oldest message of the kind is there, unless it was moved. */
  oldest(): Segment[] {
    return [...this.#segments.values()].flatMap((segments) => {
      for (const segment of segments) if (sumOf(segment.counts) > 0) return segment;
      return [];
    });
  }

  /**
   * Finds room for messages that are put together, so that a batch which fits into one row is stored in one row.
   *
   * @param messages all of them dead letters or none
   * @param payloadBytes the size of each payload in UTF-8
   * @returns a function that gives the segment of the next message, which must be appended before the next call
   */
  beginBatch(
    messages: readonly NewMessage[],
    payloadBytes: readonly number[],
    order: Order,
    now: number,
  ): (message: NewMessage, payloadBytes: number) => Segment {
    // Most puts are of one message.
    const [first, second] = messages;
    if (first !== undefined && second === undefined) {
      const segment = this.segmentFor(kindOf(first, order), 1, withLineFeed(payloadBytes[0] as number), now);
      return () => segment;
    }
    const segments = this.#segmentsFor(messages, payloadBytes, order, now);
    return (message, bytes) => {
      const kind = kindOf(message, order);
      const key = keyOf(kind);
      const segment = segments.get(key) as Segment;
      if (hasRoomForNext(segment, withLineFeed(bytes))) return segment;
      const next = this.#newSegment(kind, now);
      segments.set(key, next);
      return next;
    };
  }

  /** The segment in which the messages of each kind begin. */
  #segmentsFor(
    messages: readonly NewMessage[],
    payloadBytes: readonly number[],
    order: Order,
    now: number,
  ): Map<KindKey, Segment> {
    const sums = new Map<KindKey, { kind: SegmentKind; messages: number; bytes: number }>();
    for (const [position, message] of messages.entries()) {
      const kind = kindOf(message, order);
      const key = keyOf(kind);
      const sum = sums.get(key) ?? { messages: 0, bytes: 0 };
      const bytes = sum.bytes + withLineFeed(payloadBytes[position] as number);
      sums.set(key, { kind, messages: sum.messages + 1, bytes });
    }
    const segments = new Map<KindKey, Segment>();
    for (const [key, sum] of sums) segments.set(key, this.segmentFor(sum.kind, sum.messages, sum.bytes, now));
    return segments;
  }

  /**
   * The open segment if it has room for all of these messages, else a new one.
   *
   * @param bytes the size of their payloads, each with its line feed
   */
  segmentFor(kind: SegmentKind, messages: number, bytes: number, now: number): Segment {
    const open = this.#open.get(keyOf(kind));
    const fits =
      open !== undefined && open.areDeadLetters === kind.areDeadLetters && this.#rows.hasRoomFor(open, messages, bytes);
    return fits ? open : this.#newSegment(kind, now);
  }
}

function kindOf({ priority, deadLetter, group }: NewMessage, { sharesSegments }: Order): SegmentKind {
  return {
    priority: sharesSegments ? 0 : priority,
    areDeadLetters: deadLetter !== undefined,
    isGrouped: group !== undefined,
  };
}

function withLineFeed(payloadBytes: number): number {
  return payloadBytes + 1;
}

/** Whether the next message of a batch that is longer than a segment still fits into this one. */
function hasRoomForNext(segment: Segment, bytes: number): boolean {
  return segment.count === 0 || (segment.count < SEGMENT_MESSAGES_MAX && segment.bytes + bytes <= SEGMENT_BYTES_MAX);
}
