import { SEGMENT_MESSAGES_MAX, type Segment, type SegmentKind } from "../store/segment.ts";

/** Bounds what one receive must read to get at a message; a single larger message has a segment of its own. */
const SEGMENT_BYTES_MAX = 64 * 1024;
/** A stored segment takes more messages only up to this size, because an append rewrites the whole row. */
const APPEND_BYTES_MAX = 16 * 1024;

/** Kinds of one key are one order: of their segments only the newest may take messages, whatever kind it is in. */
type KindKey = number;

function keyOf({ priority, isGrouped }: SegmentKind): KindKey {
  return 2 * priority + Number(isGrouped);
}

/** The segments of each kind in the order of their making, and which of them is still open. */
export class SegmentsByKind {
  readonly #segments = new Map<KindKey, Set<Segment>>();
  /** The segment that takes the next messages. */
  readonly #open = new Map<KindKey, Segment>();

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

  /** Of each kind, the segment with its oldest message. */
  oldest(): Segment[] {
    return [...this.#segments.values()].flatMap(([first]) => first ?? []);
  }

  /**
   * Finds room for messages that are put together, so that a batch which fits in one row lies in one row.
   *
   * @param kinds those of the messages, all of them dead letters or none
   * @param sizes the bytes of each payload
   * @param isUnwritten whether a segment is not stored yet, so that its row has to be written anyway
   * @param takesMore whether a segment may take more messages, whatever there is in it
   * @param newSegment makes a segment and enters it
   * @returns the segment for the next message, which must be appended before the next is asked for
   */
  beginBatch(
    kinds: readonly SegmentKind[],
    sizes: readonly number[],
    isUnwritten: (segment: Segment) => boolean,
    takesMore: (segment: Segment) => boolean,
    newSegment: (kind: SegmentKind) => Segment,
  ): (kind: SegmentKind, bytes: number) => Segment {
    const segmentFor = (kind: SegmentKind, messages: number, bytes: number): Segment => {
      const open = this.#open.get(keyOf(kind));
      const bytesMax = open && isUnwritten(open) ? SEGMENT_BYTES_MAX : APPEND_BYTES_MAX;
      const fits =
        open !== undefined &&
        open.areDeadLetters === kind.areDeadLetters &&
        open.count + messages <= SEGMENT_MESSAGES_MAX &&
        open.bytes + bytes <= bytesMax &&
        takesMore(open);
      return fits ? open : newSegment(kind);
    };
    // Most puts are of one message.
    const [onlyKind, secondKind] = kinds;
    if (onlyKind !== undefined && secondKind === undefined) {
      const segment = segmentFor(onlyKind, 1, withLineFeed(sizes[0] as number));
      return () => segment;
    }
    const totals = new Map<KindKey, { kind: SegmentKind; messages: number; bytes: number }>();
    for (const [position, kind] of kinds.entries()) {
      const key = keyOf(kind);
      const { messages, bytes } = totals.get(key) ?? { messages: 0, bytes: 0 };
      totals.set(key, { kind, messages: messages + 1, bytes: bytes + withLineFeed(sizes[position] as number) });
    }
    const segments = new Map<KindKey, Segment>();
    for (const [key, { kind, messages, bytes }] of totals) {
      segments.set(key, segmentFor(kind, messages, bytes));
    }
    return (kind, bytes) => {
      const key = keyOf(kind);
      const segment = segments.get(key) as Segment;
      if (hasRoom(segment, withLineFeed(bytes))) return segment;
      const next = newSegment(kind);
      segments.set(key, next);
      return next;
    };
  }
}

function withLineFeed(payloadBytes: number): number {
  return payloadBytes + 1;
}

/** Whether the next message of a batch that is longer than a segment still belongs in this segment. */
function hasRoom(segment: Segment, bytes: number): boolean {
  return segment.count === 0 || (segment.count < SEGMENT_MESSAGES_MAX && segment.bytes + bytes <= SEGMENT_BYTES_MAX);
}
