import { utf8Bytes } from "../base/bytes.ts";
import type { Place } from "../base/receipt.ts";
import { APPEND_BYTES_MAX, SEGMENT_BYTES_MAX } from "../base/row-budget.ts";
import { beginOfJob, damagedJobs, fingerprintOfPlace, placeOfJob } from "./job-records.ts";
import { encodeFingerprint } from "./key-records.ts";
import { type JobRowChange, type JobRowReader, splitLines } from "./rows.ts";

/** Bounds what must be searched for one record. */
export const JOBS_PER_ROW_MAX = 256;

/** How much of the stored records stays in memory: those that were used last, at two bytes a character. */
const KEPT_CHARACTERS_MAX = 512 * 1024;

/** The records of stored rows: read once, and kept in memory while they are used. */
export class JobTexts {
  readonly #reader: JobRowReader;
  /** The row that was used last is at the end. */
  readonly #kept = new Map<number, string>();
  #characters = 0;

  constructor(reader: JobRowReader) {
    this.#reader = reader;
  }

  /**
   * The records of a row as they are stored, each ended by a line feed.
   *
   * @param count how many there are
   * @throws {DamagedRow} if the row has another number of them
   */
  of(slot: number, count: number): string {
    const kept = this.#kept.get(slot);
    const text = kept ?? this.#reader.jobRecords(slot);
    if (kept === undefined) {
      const lines = splitLines(text).length;
      if (lines !== count) throw damagedJobs(slot, `its ${count} records have ${lines} lines`);
    }
    this.set(slot, text);
    return text;
  }

  /** The row is stored with these records. */
  set(slot: number, text: string): void {
    this.drop(slot);
    this.#kept.set(slot, text);
    this.#characters += text.length;
    this.#trim();
  }

  /** Records are stored behind those that a row had. */
  append(slot: number, text: string): void {
    const kept = this.#kept.get(slot);
    if (kept !== undefined) this.set(slot, kept + text);
  }

  drop(slot: number): void {
    this.#characters -= this.#kept.get(slot)?.length ?? 0;
    this.#kept.delete(slot);
  }

  clear(): void {
    this.#kept.clear();
    this.#characters = 0;
  }

  /** Drops the records that were used longest ago. Those that were used last stay, whatever their size. */
  #trim(): void {
    for (const slot of this.#kept.keys()) {
      if (this.#characters <= KEPT_CHARACTERS_MAX || this.#kept.size === 1) return;
      this.drop(slot);
    }
  }
}

/** One row of job records: what is stored of it, and what the next commit must write. */
export class JobRow {
  readonly slot: number;
  readonly number: number;
  until = 0;
  count = 0;
  /** The size of its records in UTF-8, each with its line feed. */
  bytes = 0;
  readonly #texts: JobTexts;
  /** How many records are in storage. */
  #stored = 0;
  /** Those of them that are left, if some were removed since the last commit. */
  #left: string[] | undefined;
  /** The records that were added since the last commit. */
  #added: string[] = [];

  constructor(slot: number, number: number, texts: JobTexts) {
    this.slot = slot;
    this.number = number;
    this.#texts = texts;
  }

  /** The row is in storage. */
  restore(until: number, count: number, bytes: number): this {
    Object.assign(this, { until, count, bytes });
    this.#stored = count;
    return this;
  }

  /** Whether there is such a row in storage. */
  get isStored(): boolean {
    return this.#stored > 0;
  }

  /**
   * Whether another record may be added. An append to a stored row rewrites all of it, so that is begun only while it is
   * small; then it takes what it can, so that the records of one commit are seldom in two rows.
   */
  hasRoomFor(bytes: number): boolean {
    const isBegun = !this.isStored || this.#added.length > 0;
    const isSmall = this.count <= JOBS_PER_ROW_MAX / 2 && this.bytes <= APPEND_BYTES_MAX;
    const hasRoom = this.count < JOBS_PER_ROW_MAX && this.bytes + bytes <= SEGMENT_BYTES_MAX;
    return (hasRoom || this.count === 0) && (isBegun || isSmall);
  }

  /** @param bytes the size of the record with its line feed */
  append(record: string, bytes: number, until: number): void {
    this.#added.push(record);
    this.count += 1;
    this.bytes += bytes;
    this.until = Math.max(this.until, until);
  }

  /** The record of a place, as text; undefined if there is none. */
  find(place: Place): string | undefined {
    const begin = beginOfJob(place);
    const isMeant = (record: string) => record.startsWith(begin);
    const added = this.#added.find(isMeant);
    if (added !== undefined || !this.isStored) return added;
    if (this.#left !== undefined) return this.#left.find(isMeant);
    const text = this.#texts.of(this.slot, this.#stored);
    const at = text.startsWith(begin) ? 0 : text.indexOf(`\n${begin}`) + 1;
    return at === 0 && !text.startsWith(begin) ? undefined : text.slice(at, text.indexOf("\n", at));
  }

  /** All records, as texts, the oldest first. */
  records(): readonly string[] {
    return [...this.#storedRecords(), ...this.#added];
  }

  /** Removes a record that `find` has found. */
  remove(record: string): void {
    if (this.#added.includes(record)) {
      this.#added = this.#added.filter((other) => other !== record);
    } else {
      this.#left = this.#storedRecords().filter((other) => other !== record);
    }
    this.count -= 1;
    this.bytes -= utf8Bytes(record) + 1;
  }

  /** Whether a record has this fingerprint. */
  hasFingerprint(fingerprint: number): boolean {
    return this.records().some((record) => this.#fingerprintOf(record) === fingerprint);
  }

  /** The fingerprints of records that are not stored. */
  addedFingerprints(): number[] {
    return this.#added.map((record) => this.#fingerprintOf(record));
  }

  /** What to write. The row must have records, and must have changed. */
  takeChange(): JobRowChange {
    const { slot, number, until, count, bytes } = this;
    const isAppended = this.isStored && this.#left === undefined;
    const records = isAppended ? this.#added : this.records();
    const fingerprints = records.map((record) => encodeFingerprint(this.#fingerprintOf(record))).join("");
    // Nothing, if what was added was removed again before it was stored.
    const text = records.map((record) => `${record}\n`).join("");
    if (isAppended) this.#texts.append(slot, text);
    else this.#texts.set(slot, text);
    this.#stored = count;
    this.#left = undefined;
    this.#added = [];
    return { kind: isAppended ? "append" : "write", slot, number, until, count, bytes, fingerprints, records: text };
  }

  #storedRecords(): string[] {
    if (!this.isStored) return [];
    return this.#left ?? splitLines(this.#texts.of(this.slot, this.#stored));
  }

  #fingerprintOf(record: string): number {
    return fingerprintOfPlace(placeOfJob(this.slot, record));
  }
}
