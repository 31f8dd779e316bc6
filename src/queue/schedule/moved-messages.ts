import type { MessageRules } from "../base/commands.ts";
import { DamagedRow } from "../base/damage.ts";
import type { Place } from "../base/receipt.ts";
import type { Origin } from "../store/notes.ts";
import type { Segment } from "../store/segment.ts";
import { SEGMENT_MESSAGES_MAX } from "../store/segment-summary.ts";
import type { PresentState } from "../store/states.ts";

/** Messages that may be elsewhere than where they were put: each takes some 150 bytes of memory. */
export const MOVED_MESSAGES_MAX = 10_000;

/** A message and where it is. */
export interface PlacedMessage {
  segment: Segment;
  index: number;
}

/** The state of a message after its move, and the times that belong to it. */
export interface Move {
  state: PresentState;
  visibleAt: number;
  /** When it was put, in milliseconds. */
  putAt: number;
  /** Those that it has of its own. */
  rules: MessageRules | undefined;
  now: number;
}

/**
 * The messages that are elsewhere than where they were put, by the place that their ids name. The segment of that place
 * stays, without messages perhaps, until they have left the queue, because its row has their keys.
 */
export class MovedMessages {
  /** All segments of the queue, by number. */
  readonly #segments: ReadonlyMap<number, Segment>;
  readonly #byOrigin = new Map<number, PlacedMessage & { putAt: number }>();

  constructor(segments: ReadonlyMap<number, Segment>) {
    this.#segments = segments;
  }

  /** Whether no further message may be moved. */
  get isFull(): boolean {
    return this.#byOrigin.size >= MOVED_MESSAGES_MAX;
  }

  /** The message that is, or was, at the place that an id names. Undefined if its segment is not here any more. */
  find(place: Place): PlacedMessage | undefined {
    const { segmentNumber, index } = place;
    const segment = this.#segments.get(segmentNumber);
    if (segment === undefined) return undefined;
    const isIndex = index < SEGMENT_MESSAGES_MAX;
    const moved = segment.movedAway > 0 && isIndex ? this.#byOrigin.get(keyOf(segmentNumber, index)) : undefined;
    if (moved !== undefined) return moved;
    // What was put elsewhere has another id.
    const isOther = segment.holdsMoved && segment.noteOf(index).origin !== undefined;
    return isOther ? undefined : { segment, index };
  }

  /** Where a message was put: its keys are in the row there. */
  originOf(segment: Segment, index: number): PlacedMessage {
    const origin = segment.originOf(index);
    return { segment: this.#segments.get(origin.segmentNumber) ?? segment, index: origin.index };
  }

  /** Adds a message to the end of another segment, and answers with its index there. The caller removes it here. */
  copy({ segment, index }: PlacedMessage, target: Segment, payloadBytes: number, move: Move): number {
    const note = segment.noteOf(index);
    const origin = note.origin ?? [segment.number, index, move.putAt];
    const { state, visibleAt, rules } = move;
    const copied = { state, visibleAt, rules, deliveries: segment.deliveriesOf(index), note: { ...note, origin } };
    const to = target.adopt(payloadBytes, copied);
    this.#add(origin, target, to);
    return to;
  }

  #add([segmentNumber, originalIndex, putAt]: Origin, segment: Segment, index: number): void {
    const key = keyOf(segmentNumber, originalIndex);
    const from = this.#segments.get(segmentNumber);
    if (!this.#byOrigin.has(key) && from !== undefined) from.movedAway += 1;
    this.#byOrigin.set(key, { segment, index, putAt });
  }

  /** The message of this origin has left the queue. Answers with the segment where it was put. */
  delete([segmentNumber, index]: Origin): Segment | undefined {
    const from = this.#segments.get(segmentNumber);
    if (this.#byOrigin.delete(keyOf(segmentNumber, index)) && from !== undefined) from.movedAway -= 1;
    return from;
  }

  /**
   * Reads which messages are elsewhere. Call it when all stored segments are restored.
   *
   * @throws {DamagedRow} if a message was put where there can be none, or a row has no messages without a reason
   */
  restore(unload: (segment: Segment) => void): void {
    for (const segment of this.#segments.values()) {
      if (!segment.holdsMoved) continue;
      for (let index = 0; index < segment.count; index += 1) {
        const { origin } = segment.noteOf(index);
        if (origin === undefined) continue;
        const [number, originalIndex] = origin;
        const isPlace = originalIndex < (this.#segments.get(number)?.count ?? 0);
        if (!isPlace || this.#byOrigin.has(keyOf(number, originalIndex))) {
          throw new DamagedRow(segment.slot, `its message ${index} is said to be from ${number}-${originalIndex}`);
        }
        this.#add(origin, segment, index);
      }
      unload(segment);
    }
    for (const { isFinished, slot, count } of this.#segments.values()) {
      if (isFinished) throw new DamagedRow(slot, `of ${count} messages 0 are still there`);
    }
  }

  clear(): void {
    this.#byOrigin.clear();
  }

  /** When the oldest of them was put; Infinity if there is none. */
  get oldestPutAt(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { putAt } of this.#byOrigin.values()) oldest = Math.min(oldest, putAt);
    return oldest;
  }
}

function keyOf(segmentNumber: number, index: number): number {
  return segmentNumber * SEGMENT_MESSAGES_MAX + index;
}
