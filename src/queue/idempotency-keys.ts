import { FingerprintTable } from "./fingerprint-table.ts";
import { hashText } from "./hash.ts";
import { Heap } from "./heap.ts";
import type { Place } from "./receipt.ts";
import type { KeptKeys } from "./row-slots.ts";
import { type Keys, NO_KEYS, type RowReader, splitLines } from "./rows.ts";

/** Consecutive messages of one block: what a put made there. */
export interface PlaceRange extends Place {
  count: number;
}

/** One remembered put, as it is stored: its key, a hash of its content, until when it counts, what it made. */
type KeyLine = [
  key: string,
  contentHash: number,
  until: number,
  ranges: [blockNumber: number, index: number, count: number][],
];

/** A row with fewer keys takes more when it is used again. They are written over with it, so they must not be many. */
const KEYS_PER_ROW = 64;

/** The keys in one row. */
interface SlotKeys {
  until: number;
  /** How many there are, stored or not. Their fingerprints are read back when they have expired. */
  count: number;
  uncommitted: KeyLine[];
}

/**
 * The idempotency keys of recent puts and dones.
 *
 * The keys themselves lie in the rows of the blocks that their puts made, at no row more. In memory is a small number
 * for each; only where it matches is the row read. A row's keys are forgotten together, when the newest has expired.
 */
export class IdempotencyKeys {
  readonly #reader: RowReader;
  readonly #bySlot = new Map<number, SlotKeys>();
  readonly #slots = new FingerprintTable();
  readonly #expiry = new Heap<{ until: number; slot: number }>((a, b) => a.until < b.until);

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** Takes up the keys of a stored row again. */
  restore(slot: number, until: number, fingerprints: string): void {
    for (const fingerprint of decodeFingerprints(fingerprints)) this.#index(slot, until, fingerprint);
  }

  /** What the put with this key made, "other" if its content was not the same, undefined if it is not known. */
  find(key: string, contentHash: () => number, now: number): PlaceRange[] | "other" | undefined {
    for (const slot of this.#slots.slotsOf(fingerprintOf(key))) {
      for (const [knownKey, knownHash, until, ranges] of this.#linesOf(slot)) {
        if (knownKey !== key || until <= now) continue;
        if (knownHash !== contentHash()) return "other";
        return ranges.map(([blockNumber, index, count]) => ({ blockNumber, index, count }));
      }
    }
    return undefined;
  }

  remember(slot: number, key: string, contentHash: number, until: number, ranges: PlaceRange[]): void {
    const slotKeys = this.#index(slot, until, fingerprintOf(key));
    const stored = ranges.map(({ blockNumber, index, count }): [number, number, number] => [blockNumber, index, count]);
    slotKeys.uncommitted.push([key, contentHash, until, stored]);
  }

  /** The keys to store in this row, as text, and until when they count. */
  takeUncommitted(slot: number): Keys {
    const slotKeys = this.#bySlot.get(slot);
    if (slotKeys === undefined) return NO_KEYS;
    const keys = slotKeys.uncommitted.map(textOf).join("");
    const fingerprints = slotKeys.uncommitted.map(([key]) => encodeFingerprint(fingerprintOf(key))).join("");
    slotKeys.uncommitted = [];
    return { keys, fingerprints, keysUntil: slotKeys.until };
  }

  /** How many keys the row must keep. */
  kept(slot: number): KeptKeys {
    const keys = this.#bySlot.get(slot)?.count ?? 0;
    if (keys === 0) return "none";
    return keys < KEYS_PER_ROW ? "some" : "many";
  }

  /** Whether there are keys in the stored row that must stay there. */
  hasStored(slot: number): boolean {
    const slotKeys = this.#bySlot.get(slot);
    return slotKeys !== undefined && slotKeys.count > slotKeys.uncommitted.length;
  }

  /** Forgets the rows whose keys have all expired, and answers with them. */
  expire(now: number): number[] {
    const expired: number[] = [];
    for (let next = this.#expiry.peek(); next !== undefined && next.until <= now; next = this.#expiry.peek()) {
      this.#expiry.pop();
      const slotKeys = this.#bySlot.get(next.slot);
      if (slotKeys === undefined) continue;
      if (slotKeys.until > now) {
        this.#expiry.push({ until: slotKeys.until, slot: next.slot });
      } else {
        this.#forget(next.slot, slotKeys);
        expired.push(next.slot);
      }
    }
    return expired;
  }

  *#linesOf(slot: number): Generator<KeyLine> {
    const slotKeys = this.#bySlot.get(slot);
    if (slotKeys === undefined) return;
    yield* slotKeys.uncommitted;
    for (const line of splitLines(this.#reader.keys(slot))) yield JSON.parse(line) as KeyLine;
  }

  #index(slot: number, until: number, fingerprint: number): SlotKeys {
    let slotKeys = this.#bySlot.get(slot);
    if (slotKeys === undefined) {
      slotKeys = { until, count: 0, uncommitted: [] };
      this.#bySlot.set(slot, slotKeys);
      this.#expiry.push({ until, slot });
    }
    slotKeys.until = Math.max(slotKeys.until, until);
    slotKeys.count += 1;
    // A row may have had a key before, or another with its fingerprint.
    this.#slots.add(fingerprint, slot);
    return slotKeys;
  }

  #forget(slot: number, slotKeys: SlotKeys): void {
    this.#bySlot.delete(slot);
    const uncommitted = slotKeys.uncommitted.map(([key]) => fingerprintOf(key));
    for (const fingerprint of uncommitted) this.#slots.remove(fingerprint, slot);
    if (slotKeys.count === uncommitted.length) return;
    for (const fingerprint of decodeFingerprints(this.#reader.fingerprints(slot)))
      this.#slots.remove(fingerprint, slot);
  }
}

/** 30 bits, because V8 keeps numbers of that size in an array without an object for each. */
function fingerprintOf(key: string): number {
  return hashText(key) & 0x3fffffff;
}

/** Stored as five characters of six bits each, so that a waking reads a million of them in a moment. */
const FINGERPRINT_CHARACTERS = 5;
const FIRST_CHARACTER = 48;

function encodeFingerprint(fingerprint: number): string {
  return String.fromCharCode(...[24, 18, 12, 6, 0].map((shift) => FIRST_CHARACTER + ((fingerprint >>> shift) & 63)));
}

function* decodeFingerprints(text: string): Generator<number> {
  for (let begin = 0; begin < text.length; begin += FINGERPRINT_CHARACTERS) {
    let fingerprint = 0;
    for (let index = 0; index < FINGERPRINT_CHARACTERS; index += 1) {
      fingerprint = (fingerprint << 6) | (text.charCodeAt(begin + index) - FIRST_CHARACTER);
    }
    yield fingerprint;
  }
}

/** A line as JSON, put together by hand: each put has one. */
function textOf([key, contentHash, until, ranges]: KeyLine): string {
  return `[${JSON.stringify(key)},${contentHash},${until},[${ranges.map((range) => `[${range.join(",")}]`).join(",")}]]\n`;
}
