import { APPEND_BYTES_MAX, SEGMENT_BYTES_MAX } from "../base/row-budget.ts";
import { BegunMarks } from "./begun-marks.ts";
import { DoneKeys } from "./done-keys.ts";
import { FreeRows, OLD_ROWS_DELETED_MAX } from "./free-rows.ts";
import type { IdempotencyKeys } from "./idempotency-keys.ts";
import type { Payloads } from "./payloads.ts";
import { NO_KEYS, NO_MESSAGES, type RowChange, type StoredSegment } from "./rows.ts";
import type { Segment } from "./segment.ts";
import { SEGMENT_MESSAGES_MAX } from "./segment-summary.ts";

/**
 * What of a segment the next commit must write: all of it, because its row is not stored yet; what was appended, and the
 * states; only the states; or that the row is free.
 */
type DirtyPart = "new" | "appended" | "states" | "freed";

/**
 * The rows of a queue and their life: a row is taken for a segment, is appended to while it is small, is written when the
 * segment changes, and is free when the segment has no messages any more.
 *
 * A row also holds keys: those of the puts that made its segment, or those of `done`. They may outlive its messages.
 */
export class RowTable {
  readonly #payloads: Payloads;
  readonly #keys: IdempotencyKeys;
  readonly #free: FreeRows;
  readonly #doneKeys: DoneKeys;
  readonly #dirty = new Map<Segment, DirtyPart>();
  readonly #marks = new BegunMarks();
  #areTotalsDirty = false;
  /** The time of the commit that is prepared, in milliseconds. */
  #now = 0;

  /** @param freeMax see `FreeRows` */
  constructor(payloads: Payloads, keys: IdempotencyKeys, freeMax: number) {
    this.#payloads = payloads;
    this.#keys = keys;
    this.#free = new FreeRows(freeMax);
    this.#doneKeys = new DoneKeys(this.#free, keys);
  }

  /** Restores a stored row and its keys. `number` is 0 for a row without messages. */
  restore({ slot, number, keysUntil, fingerprints }: StoredSegment): void {
    if (fingerprints !== null) this.#keys.restore(slot, keysUntil, fingerprints, number);
    this.#free.restore(slot);
    if (number === 0) this.#free.release(slot, this.#keys.kept(slot));
  }

  /** A row for a segment that is about to be made. */
  take(): number {
    return this.#free.take();
  }

  /** A row for the key of the next `done`. The key must be remembered there before this is called again. */
  takeForDoneKey(): number {
    return this.#doneKeys.slotForNext();
  }

  /**
   * Whether a segment's row has room for the messages of a put, and for its keys.
   *
   * @param bytes the size of their payloads, each with its line feed
   */
  hasRoomFor(segment: Segment, messages: number, bytes: number): boolean {
    const bytesMax = this.#dirty.get(segment) === "new" ? SEGMENT_BYTES_MAX : APPEND_BYTES_MAX;
    const isSmall = segment.count + messages <= SEGMENT_MESSAGES_MAX && segment.bytes + bytes <= bytesMax;
    return isSmall && this.#keys.hasRoom(segment.slot);
  }

  /** The segment was made, for a row that `take` gave. */
  created(segment: Segment): void {
    this.#dirty.set(segment, "new");
  }

  /** Messages were appended to the segment, or their payloads rewritten. */
  appended(segment: Segment): void {
    if (this.#dirty.get(segment) !== "new") this.#dirty.set(segment, "appended");
  }

  /** Messages of the segment changed their state. */
  changed(segment: Segment): void {
    if (!this.#dirty.has(segment)) this.#dirty.set(segment, "states");
  }

  /** A handler has begun with a message of the segment: that is stored when the segment is next written. */
  begun(segment: Segment, now: number): void {
    if (!this.#dirty.has(segment)) this.#marks.add(segment, now);
  }

  /** The segment has no messages any more. */
  finished(segment: Segment): void {
    if (this.#dirty.get(segment) !== "new") this.#dirty.set(segment, "freed");
  }

  /** Has the totals stored although no message may have changed. */
  includeTotals(): void {
    this.#areTotalsDirty = true;
  }

  /** Whether the state of a segment is only in memory, although everything was committed. */
  isOnlyInMemory(segment: Segment): boolean {
    return this.#marks.has(segment);
  }

  /** When a segment must be written because of what a handler began, if nothing else is; else Infinity. */
  get nextMarkAt(): number {
    return this.#marks.nextAt;
  }

  /** Forgets the keys that have expired. A row that was kept for them is free then. */
  expireKeys(now: number): void {
    for (const slot of this.#keys.expire(now)) this.#free.keysExpired(slot);
  }

  /**
   * Adds the segments that must be written because of what handlers began, and answers whether there is anything to write.
   *
   * @param marksMax see `BegunMarks.takeDue`
   */
  prepareCommit(now: number, marksMax: number): boolean {
    this.#now = now;
    for (const segment of this.#dirty.keys()) this.#marks.drop(segment);
    for (const segment of this.#marks.takeDue(now, marksMax)) this.#dirty.set(segment, "states");
    // Rows are deleted together with other changes, unless so many are free that they slow down each start.
    return this.#dirty.size > 0 || this.#areTotalsDirty || this.#free.areTooMany;
  }

  /**
   * The changes since the last commit, and what a commit needs beside them: the deletion of rows of which too many are
   * free, and a change that carries the totals, unless there is one.
   */
  takeChanges(): RowChange[] {
    const changes: RowChange[] = [];
    const freed: number[] = [];
    for (const [segment, part] of this.#dirty) {
      const change = this.#changeOf(segment, part);
      if (change !== undefined) changes.push(change);
      if (part === "freed") freed.push(segment.slot);
    }
    this.#dirty.clear();
    this.#areTotalsDirty = false;
    changes.push(...this.#doneKeys.takeChanges());
    // Rows that became free in this commit come first. To delete them costs the same as to write them.
    const excess = new Set(this.#free.takeExcess(freed.length + OLD_ROWS_DELETED_MAX));
    if (excess.size === 0 && changes.length > 0) return changes;
    return this.#withDeletions(changes, freed, excess);
  }

  #withDeletions(changes: readonly RowChange[], freed: readonly number[], excess: Set<number>): RowChange[] {
    const complete = changes.filter((change) => change.kind !== "write" || !excess.has(change.slot));
    const [first] = freed;
    if (complete.length === 0 && first !== undefined) {
      complete.push({ kind: "merge", slot: first, into: this.#free.spare() });
      excess.delete(first);
    } else if (complete.length === 0) {
      complete.push({ kind: "totals", slot: this.#free.spare(), ...NO_KEYS });
    }
    if (excess.size > 0) complete.push({ kind: "delete", slots: [...excess] });
    return complete;
  }

  /** What to write of a segment; undefined for one that came and went between two commits. */
  #changeOf(segment: Segment, part: DirtyPart): RowChange | undefined {
    const { slot, number, count, bytes, priority, areDeadLetters, isGrouped, isFinished } = segment;
    const { putAt, holdsMoved, ownRules, nextDueAt, lastDueAt } = segment;
    if (isFinished) this.#keys.segmentFinished(slot, this.#now);
    const { keepsPayloads, ...texts } = this.#payloads.takeUncommitted(segment);
    const keepsKeys = this.#keys.hasStored(slot);
    const keys = this.#keys.takeUncommitted(slot);
    if (isFinished) {
      this.#payloads.drop(segment);
      this.#free.release(slot, this.#keys.kept(slot));
      if (part === "new" && keys.keys === "") return undefined;
      const kept = { keepsMessages: false, keepsPayloads: false, keepsKeys };
      return { kind: "write", slot, ...kept, number: 0, ...NO_MESSAGES, ...keys };
    }
    const states = { counts: { ...segment.counts }, nextDueAt, lastDueAt, ...segment.encode() };
    // Where dedupe keys were freed, that is a new record among the keys, and more than the states is written.
    if (part === "states" && keys.keys === "") return { kind: "update", slot, ...states };
    const keepsMessages = part !== "new";
    const kept = { keepsMessages, keepsPayloads: keepsMessages && keepsPayloads, keepsKeys };
    const summary = { number, priority, areDeadLetters, isGrouped, putAt, holdsMoved, ownRules, count, bytes };
    return { kind: "write", slot, ...kept, ...summary, ...states, ...texts, ...keys };
  }
}
