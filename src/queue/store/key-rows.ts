import {
  beginOfRecord,
  fingerprintOf,
  freedIn,
  isFreeing,
  keyOfRecord,
  type PlaceRange,
  recordsIn,
} from "./key-records.ts";
import { type RowReader, splitLines } from "./rows.ts";

/** So many lookups search the text of a row. The next one splits it, which takes as long as some tens of searches. */
const SEARCHES_MAX = 8;

/** Records of keys, found by key or by fingerprint. A record is parsed when it is needed, which most never are. */
export class KeyIndex {
  /** The stored keys of a row, until they are split. */
  #text = "";
  #searches = 0;
  /** The records that are split. Those of one fingerprint are one text, because there is mostly only one. */
  readonly #records = new Map<number, string>();
  /** Messages whose dedupe keys were freed. */
  readonly freed: PlaceRange[] = [];
  /** How many records were added. */
  size = 0;
  /** About what it takes of memory. */
  bytes = 0;

  /** An index of the stored keys of a row. */
  static of(text: string): KeyIndex {
    const index = new KeyIndex();
    index.#text = text;
    index.freed.push(...freedIn(text));
    // As if it were split already: that can happen at any time.
    index.bytes = 2 * text.length;
    return index;
  }

  /** Adds records with their fingerprints, from a position on. */
  addAll(records: readonly string[], fingerprints: readonly number[], begin = 0): this {
    for (let position = begin; position < records.length; position += 1) {
      const record = records[position] as string;
      this.#add(fingerprints[position] as number, record);
      this.size += 1;
      this.bytes += record.length + BYTES_PER_RECORD;
    }
    return this;
  }

  /** The records that may be those of this key, the newest first; those of keys with the same fingerprint may be among them. */
  recordsOfKey(key: string, fingerprint: number): string[] {
    const records = this.#split(fingerprint);
    if (this.#text === "") return records;
    this.#searches += 1;
    if (this.#searches > SEARCHES_MAX) return this.recordsOf(fingerprint);
    return records.concat(recordsIn(this.#text, beginOfRecord(key)).reverse());
  }

  /** All records with this fingerprint, the newest first. */
  recordsOf(fingerprint: number): string[] {
    if (this.#text === "") return this.#split(fingerprint);
    const newer = new Map(this.#records);
    this.#records.clear();
    for (const record of splitLines(this.#text)) {
      if (!isFreeing(record)) this.#add(fingerprintOf(keyOfRecord(record)), record);
    }
    this.#text = "";
    for (const [ofNewer, records] of newer) this.#add(ofNewer, records);
    return this.#split(fingerprint);
  }

  #split(fingerprint: number): string[] {
    const records = this.#records.get(fingerprint);
    if (records === undefined) return [];
    return records.includes("\n") ? records.split("\n").reverse() : [records];
  }

  #add(fingerprint: number, record: string): void {
    const others = this.#records.get(fingerprint);
    this.#records.set(fingerprint, others === undefined ? record : `${others}\n${record}`);
  }
}

/** What a record takes beside its text. */
const BYTES_PER_RECORD = 64;

/** How much of the stored keys stays in memory: those that were used last. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** The keys in stored rows: read and split once, and kept in memory while they are used. */
export class KeyRows {
  readonly #reader: RowReader;
  /** The row that was used last is at the end. */
  readonly #kept = new Map<number, KeyIndex>();
  #bytes = 0;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** The keys of a row. They are valid until the next call. */
  of(slot: number): KeyIndex {
    const kept = this.#kept.get(slot);
    const index = kept ?? KeyIndex.of(this.#reader.keys(slot));
    this.#kept.delete(slot);
    this.#kept.set(slot, index);
    if (kept === undefined) {
      this.#bytes += index.bytes;
      this.#trim();
    }
    return index;
  }

  /** Adds records that are now stored in a row, after those that it had. */
  added(slot: number, records: readonly string[], fingerprints: readonly number[], freed: readonly PlaceRange[]): void {
    const kept = this.#kept.get(slot);
    if (kept === undefined) return;
    this.#bytes -= kept.bytes;
    kept.addAll(records, fingerprints).freed.push(...freed);
    this.#bytes += kept.bytes;
    this.#trim();
  }

  /** Drops the keys of a row from memory. */
  drop(slot: number): void {
    this.#bytes -= this.#kept.get(slot)?.bytes ?? 0;
    this.#kept.delete(slot);
  }

  /** Drops the keys that were used longest ago. Those that were used last stay, whatever their size. */
  #trim(): void {
    for (const slot of this.#kept.keys()) {
      if (this.#bytes <= KEPT_BYTES_MAX || this.#kept.size === 1) return;
      this.drop(slot);
    }
  }
}
