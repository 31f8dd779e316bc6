import { BYTES_PER_FINGERPRINT, encodeFingerprint, FILLER_TEXT, type PlaceRange } from "./key-records.ts";
import { KeyIndex } from "./key-rows.ts";

/** The keys of a row that are not stored yet: a record and a text of fingerprints for each, and the fingerprint itself. */
interface Uncommitted {
  records: string[];
  fingerprintTexts: string[];
  fingerprints: number[];
  /** Made when it is needed, which is rare, of the records that there are by then. */
  index: KeyIndex | undefined;
}

/** The keys in one row. */
export interface SlotKeys {
  until: number;
  /** How many there are, stored or not. */
  keys: number;
  /** Their fingerprints with the fillers, which say how much room they take. */
  fingerprints: number;
  /** Those of them that are stored. They are read back when the keys have expired. */
  storedFingerprints: number;
  /** The newest of the row's segments that may have dedupe keys. */
  dedupeSegment: number;
  uncommitted: Uncommitted | undefined;
  /** Messages whose dedupe keys were freed since the last commit. */
  freed: PlaceRange[];
  /** Whether some count until their messages are done: they stay for as long as the segment has messages. */
  areUntilDone: boolean;
}

/** Adds a record that is not stored yet, with its fingerprint and with fillers for the rest of its length. */
export function addRecord(slotKeys: SlotKeys, record: string, fingerprint: number, count: number): void {
  slotKeys.uncommitted ??= { records: [], fingerprintTexts: [], fingerprints: [], index: undefined };
  const { uncommitted } = slotKeys;
  const text = encodeFingerprint(fingerprint);
  uncommitted.records.push(record);
  uncommitted.fingerprints.push(fingerprint);
  uncommitted.fingerprintTexts.push(count === 1 ? text : text + FILLER_TEXT.repeat(count - 1));
  slotKeys.fingerprints += count;
}

export function indexOf(uncommitted: Uncommitted): KeyIndex {
  uncommitted.index ??= new KeyIndex();
  return uncommitted.index.addAll(uncommitted.records, uncommitted.fingerprints, uncommitted.index.size);
}

/** An upper bound of the bytes that the keys of a row take. */
export function bytesOf({ fingerprints }: SlotKeys): number {
  return fingerprints * BYTES_PER_FINGERPRINT;
}
