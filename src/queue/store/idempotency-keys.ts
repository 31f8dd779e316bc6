import { KEY_SECONDS_MAX } from "../../contract/limits.ts";
import { FingerprintTable } from "../base/fingerprint-table.ts";
import type { Place } from "../base/receipt.ts";
import { KEYS_APPEND_BYTES_MAX, KEYS_REUSE_BYTES_MAX, KEYS_REUSE_MAX } from "../base/row-budget.ts";
import { TimerHeap } from "../base/timer-heap.ts";
import type { KeptKeys } from "./free-rows.ts";
import {
  addRange,
  decodeFingerprints,
  FILLER,
  fingerprintOf,
  fingerprintsFor,
  freeingTextOf,
  isFreed,
  type KeyRecord,
  type PlaceRange,
  parseRecord,
  RECORD_BYTES_PER_FINGERPRINT,
  SOME_UNTIL_DONE,
  textOf,
  UNTIL_DONE,
} from "./key-records.ts";
import { type KeyIndex, KeyRows } from "./key-rows.ts";
import { type Keys, NO_KEYS, type RowReader } from "./rows.ts";
import { addRecord, bytesOf, indexOf, type SlotKeys } from "./slot-keys.ts";

/**
 * The keys that the queue remembers: the idempotency keys of recent puts and dones, and dedupe keys.
 *
 * The keys themselves are stored in the rows of the segments that their puts made, so they cost no row of their own. The
 * memory holds a small number for each key, and a row is read only where that number matches. All keys of a row are
 * forgotten together, when the newest has expired.
 */
export class IdempotencyKeys {
  readonly #reader: RowReader;
  readonly #rows: KeyRows;
  readonly #bySlot = new Map<number, SlotKeys>();
  readonly #slots = new FingerprintTable();
  /** When the keys of each row may have expired: no later than the newest of them has. */
  readonly #expiries = new TimerHeap<number>();

  /** Whether a message is still there and not dead. Set by the owner of messages, which is made after this. */
  isAlive: (place: Place) => boolean = () => false;
  /** The time of the newest commit of a queue that is restored, in milliseconds. */
  restoredAt = 0;
  #rowsUntilDone = 0;

  constructor(reader: RowReader) {
    this.#reader = reader;
    this.#rows = new KeyRows(reader);
  }

  /** Restores the keys of a stored row. `number` is that of its segment, 0 for a row without one. */
  restore(slot: number, until: number, fingerprints: string, number: number): void {
    const areUntilDone = until >= SOME_UNTIL_DONE;
    // Rows of an earlier build do not have when their other keys expire: it is no later than this.
    const latest = this.restoredAt + KEY_SECONDS_MAX * 1_000;
    const others = areUntilDone ? Math.min(until - SOME_UNTIL_DONE, latest) : until;
    for (const fingerprint of decodeFingerprints(fingerprints)) {
      const slotKeys = this.#slotKeys(slot, others);
      if (areUntilDone) this.#keepUntilDone(slotKeys);
      slotKeys.dedupeSegment = number;
      slotKeys.fingerprints += 1;
      slotKeys.storedFingerprints += 1;
      if (fingerprint === FILLER) continue;
      slotKeys.keys += 1;
      this.#slots.add(fingerprint, slot);
    }
  }

  /** The messages of an earlier put under this key; "other" if its content differs, undefined if the key is not known. */
  find(key: string, contentHash: () => number, now: number): PlaceRange[] | "other" | undefined {
    const fingerprint = fingerprintOf(key);
    for (const slot of this.#slots.slotsOf(fingerprint)) {
      const record = this.#recordIn(slot, fingerprint, key, now);
      if (record !== undefined) return record.contentHash === contentHash() ? record.ranges : "other";
    }
    return undefined;
  }

  /** For each of the keys that is known, the place of its message. Each row is read once, however many of them it has. */
  findEach(keys: Iterable<string>, now: number): Map<string, PlaceRange> {
    const bySlot = new Map<number, string[]>();
    for (const key of keys) {
      for (const slot of this.#slots.slotsOf(fingerprintOf(key))) {
        const others = bySlot.get(slot);
        if (others === undefined) bySlot.set(slot, [key]);
        else others.push(key);
      }
    }
    const found = new Map<string, PlaceRange>();
    for (const [slot, keysThere] of bySlot) {
      for (const key of keysThere) {
        const range = found.has(key) ? undefined : this.#recordIn(slot, fingerprintOf(key), key, now)?.ranges[0];
        if (range !== undefined) found.set(key, range);
      }
    }
    return found;
  }

  /** Remembers a key in the row where it will be stored. `dedupeSegment` is the segment of the message of a dedupe key. */
  remember(slot: number, record: KeyRecord, dedupeSegment?: number): void {
    const isUntilDone = record.until === UNTIL_DONE;
    const slotKeys = this.#slotKeys(slot, isUntilDone ? 0 : record.until);
    if (isUntilDone) this.#keepUntilDone(slotKeys);
    if (dedupeSegment !== undefined) slotKeys.dedupeSegment = dedupeSegment;
    slotKeys.keys += 1;
    const fingerprint = fingerprintOf(record.key);
    const text = textOf(record);
    // Most keys are so short that the bytes of their record need not be counted: a character takes at most three.
    const count = text.length + 2 * record.key.length < RECORD_BYTES_PER_FINGERPRINT ? 1 : fingerprintsFor(text);
    addRecord(slotKeys, text, fingerprint, count);
    // A row may have had a key before, or another with its fingerprint.
    this.#slots.add(fingerprint, slot);
  }

  /** Whether a message of this segment may have a dedupe key that is valid. */
  mayHaveDedupeKeys(slot: number, segmentNumber: number): boolean {
    return this.#bySlot.get(slot)?.dedupeSegment === segmentNumber;
  }

  /** Frees the dedupe keys of messages. Their segment must be written with the next commit. */
  free(slot: number, range: PlaceRange): void {
    if (!this.mayHaveDedupeKeys(slot, range.segmentNumber)) return;
    const slotKeys = this.#bySlot.get(slot);
    if (slotKeys !== undefined) addRange(slotKeys.freed, range);
  }

  /** The keys to store in this row, as text, and until when they are valid. */
  takeUncommitted(slot: number): Keys {
    const slotKeys = this.#bySlot.get(slot);
    if (slotKeys === undefined) return NO_KEYS;
    const { freed } = slotKeys;
    const until = slotKeys.until + (slotKeys.areUntilDone ? SOME_UNTIL_DONE : 0);
    if (freed.length > 0) {
      const text = freeingTextOf(freed);
      addRecord(slotKeys, text, FILLER, fingerprintsFor(text));
    }
    const { uncommitted } = slotKeys;
    if (uncommitted === undefined) return { ...NO_KEYS, keysUntil: until };
    this.#rows.added(slot, uncommitted.records, uncommitted.fingerprints, freed);
    slotKeys.uncommitted = undefined;
    if (freed.length > 0) slotKeys.freed = [];
    slotKeys.storedFingerprints = slotKeys.fingerprints;
    const keys = `${uncommitted.records.join("\n")}\n`;
    return { keys, fingerprints: uncommitted.fingerprintTexts.join(""), keysUntil: until };
  }

  /** How many keys the row must keep. */
  kept(slot: number): KeptKeys {
    const slotKeys = this.#bySlot.get(slot);
    if (slotKeys === undefined) return "none";
    return slotKeys.keys < KEYS_REUSE_MAX && bytesOf(slotKeys) < KEYS_REUSE_BYTES_MAX ? "some" : "many";
  }

  /** Whether a row has room for the keys of one more put. */
  hasRoom(slot: number): boolean {
    const slotKeys = this.#bySlot.get(slot);
    return slotKeys === undefined || bytesOf(slotKeys) < KEYS_APPEND_BYTES_MAX;
  }

  /** Whether there are keys in the stored row that must stay there. */
  hasStored(slot: number): boolean {
    const slotKeys = this.#bySlot.get(slot);
    return slotKeys !== undefined && slotKeys.storedFingerprints > 0;
  }

  /** Forgets the keys of rows in which all have expired, and answers with these rows. */
  expire(now: number): number[] {
    const expired: number[] = [];
    for (let slot = this.#expiries.take(now); slot !== undefined; slot = this.#expiries.take(now)) {
      const slotKeys = this.#bySlot.get(slot);
      if (slotKeys === undefined) continue;
      if (slotKeys.until > now) {
        this.#expiries.plan(slot, slotKeys.until);
      } else if (!slotKeys.areUntilDone) {
        this.#forget(slot, slotKeys);
        expired.push(slot);
      }
    }
    return expired;
  }

  /** Whether keys are remembered that count until their messages are done. */
  get areAnyUntilDone(): boolean {
    return this.#rowsUntilDone > 0;
  }

  /** A segment has no messages any more: of the keys in its row those that count until then count no more. */
  segmentFinished(slot: number, now: number): void {
    const slotKeys = this.#bySlot.get(slot);
    if (slotKeys === undefined || !slotKeys.areUntilDone) return;
    slotKeys.areUntilDone = false;
    this.#rowsUntilDone -= 1;
    if (slotKeys.until <= now) this.#forget(slot, slotKeys);
    else this.#expiries.plan(slot, slotKeys.until);
  }

  #keepUntilDone(slotKeys: SlotKeys): void {
    if (slotKeys.areUntilDone) return;
    slotKeys.areUntilDone = true;
    this.#rowsUntilDone += 1;
  }

  #isValidAt({ until, ranges }: KeyRecord, now: number): boolean {
    if (until !== UNTIL_DONE) return until > now;
    const [place] = ranges;
    return place !== undefined && this.isAlive(place);
  }

  /** The valid record of a key, in a row that has its fingerprint. */
  #recordIn(slot: number, fingerprint: number, key: string, now: number): KeyRecord | undefined {
    const slotKeys = this.#bySlot.get(slot);
    if (slotKeys === undefined) return undefined;
    const isValid = (record: KeyRecord, index: KeyIndex) =>
      this.#isValidAt(record, now) && !isFreed(record, index.freed) && !isFreed(record, slotKeys.freed);
    for (const index of this.#indexesOf(slot, slotKeys)) {
      for (const text of index.recordsOfKey(key, fingerprint)) {
        const record = parseRecord(text);
        if (record.key === key && isValid(record, index)) return record;
      }
    }
    // If no valid record has this fingerprint, the row is not read for it again: else a key that is put and freed many
    // times would be searched in all rows that ever had it.
    const indexes = [...this.#indexesOf(slot, slotKeys)];
    const isAnyLeft = indexes.some((index) =>
      index.recordsOf(fingerprint).some((text) => isValid(parseRecord(text), index)),
    );
    if (!isAnyLeft) this.#slots.remove(fingerprint, slot);
    return undefined;
  }

  /** The indexes of a row's keys, the newest keys first. */
  *#indexesOf(slot: number, { uncommitted, storedFingerprints }: SlotKeys): Generator<KeyIndex> {
    if (uncommitted !== undefined) yield indexOf(uncommitted);
    if (storedFingerprints > 0) yield this.#rows.of(slot);
  }

  #slotKeys(slot: number, until: number): SlotKeys {
    let slotKeys = this.#bySlot.get(slot);
    if (slotKeys === undefined) {
      const none = { keys: 0, fingerprints: 0, storedFingerprints: 0, dedupeSegment: 0 };
      slotKeys = { until, ...none, uncommitted: undefined, freed: [], areUntilDone: false };
      this.#bySlot.set(slot, slotKeys);
      this.#expiries.plan(slot, until);
    }
    slotKeys.until = Math.max(slotKeys.until, until);
    return slotKeys;
  }

  #forget(slot: number, { uncommitted, storedFingerprints }: SlotKeys): void {
    this.#bySlot.delete(slot);
    this.#rows.drop(slot);
    for (const fingerprint of uncommitted?.fingerprints ?? []) this.#slots.remove(fingerprint, slot);
    if (storedFingerprints === 0) return;
    for (const fingerprint of decodeFingerprints(this.#reader.fingerprints(slot)))
      this.#slots.remove(fingerprint, slot);
  }
}
