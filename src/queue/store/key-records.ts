/** The form in which keys are stored: a record of text for each, and short fingerprints by which it is found. */
import { utf8Bytes } from "../base/bytes.ts";
import type { NewMessage } from "../base/commands.ts";
import { hashText } from "../base/hash.ts";
import type { Place } from "../base/receipt.ts";

/** Consecutive messages of one segment that a put stored there, or found there. */
export interface PlaceRange extends Place {
  count: number;
  /** Whether they were there before, so that the put did not store them. */
  isDuplicate?: boolean;
}

/** One remembered key. */
export interface KeyRecord {
  key: string;
  /** A hash of the put or the `done` under the key. */
  contentHash: number;
  /** Until when it is valid, in milliseconds; or `UNTIL_DONE`. */
  until: number;
  ranges: PlaceRange[];
}

/** The `until` of a dedupe key that counts for as long as its message is there and not dead. */
export const UNTIL_DONE = Number.MAX_SAFE_INTEGER;

/**
 * Added to the time until which a row keeps its keys while some of them count until their messages are done. It is later
 * than any time, so the row keeps them, and the time of the others can still be read.
 */
export const SOME_UNTIL_DONE = 2 ** 52;

/** Its stored form. Messages that were there before have a negative count. */
type StoredRecord = [
  /** Null in a record that frees: the dedupe keys of these messages are not valid any more. */
  key: string | null,
  contentHash: number,
  until: number,
  ranges: [segmentNumber: number, index: number, count: number][],
];

/** The record of a key as JSON, built by hand because each put has one. Without its line feed, as all records here. */
export function textOf({ key, contentHash, until, ranges }: KeyRecord): string {
  return `[${JSON.stringify(key)},${contentHash},${until},${rangesText(ranges)}]`;
}

/** The record that frees the dedupe keys of messages. */
export function freeingTextOf(ranges: readonly PlaceRange[]): string {
  return `${FREEING_PREFIX}0,0,${rangesText(ranges)}]`;
}

const FREEING_PREFIX = "[null,";

/** Whether a record frees dedupe keys. */
export function isFreeing(text: string): boolean {
  return text.startsWith(FREEING_PREFIX);
}

/** The places whose dedupe keys the records of a row free. */
export function freedIn(text: string): PlaceRange[] {
  return recordsIn(text, FREEING_PREFIX).flatMap((record) => parseRecord(record).ranges);
}

/** How the record of a key begins. */
export function beginOfRecord(key: string): string {
  return `[${JSON.stringify(key)},`;
}

/**
 * The records of a row that begin with this text. It is nowhere else in a record, because quotation marks inside a key are
 * escaped.
 */
export function recordsIn(text: string, begin: string): string[] {
  const records: string[] = [];
  for (let at = text.indexOf(begin); at >= 0; ) {
    const end = text.indexOf("\n", at);
    if (end < 0) break;
    if (at === 0 || text[at - 1] === "\n") records.push(text.slice(at, end));
    at = text.indexOf(begin, end);
  }
  return records;
}

function rangesText(ranges: readonly PlaceRange[]): string {
  let texts = "";
  for (const { segmentNumber, index, count, isDuplicate } of ranges) {
    texts += `${texts === "" ? "" : ","}[${segmentNumber},${index},${isDuplicate ? -count : count}]`;
  }
  return `[${texts}]`;
}

/** Reads a record of either kind; the key of one that frees is empty. */
export function parseRecord(text: string): KeyRecord {
  const [key, contentHash, until, stored] = JSON.parse(text) as StoredRecord;
  const ranges = stored.map(([segmentNumber, index, count]): PlaceRange => {
    return count < 0 ? { segmentNumber, index, count: -count, isDuplicate: true } : { segmentNumber, index, count };
  });
  return { key: key ?? "", contentHash, until, ranges };
}

/** The key of a record, without parsing what follows it. */
export function keyOfRecord(text: string): string {
  const end = text.indexOf('"', KEY_BEGIN);
  const key = text.slice(KEY_BEGIN, end);
  return key.includes("\\") ? parseRecord(text).key : key;
}

/** After `["`. */
const KEY_BEGIN = 2;

/** The key under which a dedupe key is stored. No idempotency key has a space, so none is mistaken for a dedupe key. */
export function keyOfDedupeKey(dedupeKey: string): string {
  return ` ${dedupeKey}`;
}

/** Whether a record is that of a dedupe key whose message is in one of these ranges. */
export function isFreed({ key, ranges }: KeyRecord, freed: readonly PlaceRange[]): boolean {
  const [place] = ranges;
  return freed.length > 0 && place !== undefined && key.startsWith(" ") && includesPlace(freed, place);
}

/** Adds a range to ranges. It is merged into the last of them if both are neighbours of one kind. `range` may be changed later. */
export function addRange(ranges: PlaceRange[], range: PlaceRange): void {
  const last = ranges.at(-1);
  const isNext =
    last !== undefined &&
    last.segmentNumber === range.segmentNumber &&
    last.index + last.count === range.index &&
    (last.isDuplicate ?? false) === (range.isDuplicate ?? false);
  if (isNext) last.count += range.count;
  else ranges.push(range);
}

function includesPlace(ranges: readonly PlaceRange[], { segmentNumber, index }: Place): boolean {
  return ranges.some(
    (range) => range.segmentNumber === segmentNumber && range.index <= index && index < range.index + range.count,
  );
}

/**
 * A fingerprint that stands for bytes and for no key, so that the fingerprints of a row alone say how much room its keys
 * take.
 */
export const FILLER = 0x3fffffff;

/** The fingerprint of a key: 30 bits, because V8 keeps numbers of that size in an array without an object for each. */
export function fingerprintOf(key: string): number {
  const fingerprint = hashText(key) & 0x3fffffff;
  return fingerprint === FILLER ? 0 : fingerprint;
}

/** A record and its fingerprints take at most so many bytes for each of its fingerprints. */
export const BYTES_PER_FINGERPRINT = 128;
/** Stored as five characters of six bits each, so that a start of the object reads a million of them quickly. */
const FINGERPRINT_CHARACTERS = 5;
const FIRST_CHARACTER = 48;

/** Without the fingerprint itself. */
export const RECORD_BYTES_PER_FINGERPRINT: number = BYTES_PER_FINGERPRINT - FINGERPRINT_CHARACTERS;

/** How many fingerprints a record has: its own and fillers, or only fillers. */
export function fingerprintsFor(text: string): number {
  return Math.ceil((utf8Bytes(text) + 1) / RECORD_BYTES_PER_FINGERPRINT);
}

/** The stored form of a fingerprint. */
export function encodeFingerprint(fingerprint: number): string {
  return String.fromCharCode(
    FIRST_CHARACTER + (fingerprint >>> 24),
    FIRST_CHARACTER + ((fingerprint >>> 18) & 63),
    FIRST_CHARACTER + ((fingerprint >>> 12) & 63),
    FIRST_CHARACTER + ((fingerprint >>> 6) & 63),
    FIRST_CHARACTER + (fingerprint & 63),
  );
}

/** The stored form of a filler. */
export const FILLER_TEXT: string = encodeFingerprint(FILLER);

/** The fingerprints in a text of them, fillers included. */
export function* decodeFingerprints(text: string): Generator<number> {
  for (let begin = 0; begin < text.length; begin += FINGERPRINT_CHARACTERS) {
    let fingerprint = 0;
    for (let index = 0; index < FINGERPRINT_CHARACTERS; index += 1) {
      fingerprint = (fingerprint << 6) | (text.charCodeAt(begin + index) - FIRST_CHARACTER);
    }
    yield fingerprint;
  }
}

/** A hash of a `done`, which shows whether two of them under one key are the same. */
export function doneHashOf(count: number): number {
  return hashText(`done ${count}`);
}

/** A hash of a put, which shows whether two of them under one key are the same. */
export function contentHashOf(messages: readonly NewMessage[]): number {
  let hash = hashText("");
  let options = "";
  let previous: NewMessage | undefined;
  for (const message of messages) {
    // Most batches have one set of options: its text is not made for each message.
    if (previous === undefined || !hasSameOptions(previous, message)) options = optionsText(message);
    hash = hashText(options, hashText(message.content, hash));
    previous = message;
  }
  return hash;
}

function optionsText(message: NewMessage): string {
  const { priority, delayMs, visibleAt, dedupeKey, group, headers, rules, isDedupedUntilDone = false } = message;
  const plain = `,${priority},${delayMs},${visibleAt},${dedupeKey},${group}`;
  if (headers === undefined && rules === undefined && !isDedupedUntilDone) return plain;
  const { maxAttempts, retryDelayMs, retentionMs, resultMs } = rules ?? {};
  const result = resultMs === undefined ? "" : `,${resultMs}`;
  return `${plain},${headers},${maxAttempts},${retryDelayMs},${retentionMs},${isDedupedUntilDone}${result}`;
}

function hasSameOptions(a: NewMessage, b: NewMessage): boolean {
  const isSameTime = a.delayMs === b.delayMs && a.visibleAt === b.visibleAt;
  const isSamePlace = a.priority === b.priority && a.group === b.group;
  const isSameKey = a.dedupeKey === b.dedupeKey && a.isDedupedUntilDone === b.isDedupedUntilDone;
  const isSameRest = a.headers === b.headers && a.rules === undefined && b.rules === undefined;
  return isSameTime && isSamePlace && isSameKey && isSameRest;
}
