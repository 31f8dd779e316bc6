import { OUTCOMES_BYTES_MAX, OUTCOMES_MAX } from "../../contract/limits.ts";
import { utf8Bytes } from "../base/bytes.ts";
import { FingerprintTable } from "../base/fingerprint-table.ts";
import type { Place } from "../base/receipt.ts";
import { SEGMENT_BYTES_MAX } from "../base/row-budget.ts";
import { TimerHeap } from "../base/timer-heap.ts";
import { FREE_ROWS_MAX, FreeRows, OLD_ROWS_DELETED_MAX } from "./free-rows.ts";
import { damagedJobs, fingerprintOfPlace, type JobRecord, parseJob, textOfJob } from "./job-records.ts";
import { JobRow, JobTexts } from "./job-row.ts";
import { decodeFingerprints, encodeFingerprint } from "./key-records.ts";
import type { Ledger } from "./ledger.ts";
import type { JobRowChange, JobRowReader, StoredJobRow } from "./rows.ts";

/** Records that take less room are not worth that the queue wakes to remove them. */
const CLEANED_BYTES_MIN = 1024 * 1024;

const FINGERPRINT_CHARACTERS = encodeFingerprint(0).length;

/**
 * The records of jobs that have ended, packed into rows: those of one commit share a row, and a small row takes those of
 * the next commits too. All records of a row are removed together, when the last has expired; until then each is found only
 * for as long as it is valid.
 *
 * The memory holds a small number for each record, and a row is read only where that number matches.
 */
export class JobRows {
  readonly #reader: JobRowReader;
  readonly #ledger: Ledger;
  readonly #texts: JobTexts;
  /** By slot, the oldest first. */
  readonly #rows = new Map<number, JobRow>();
  #slots = new FingerprintTable();
  readonly #free = new FreeRows(FREE_ROWS_MAX);
  /** When each row may have expired: no later than the last of its records has. */
  readonly #expiries = new TimerHeap<JobRow>();
  readonly #changed = new Set<JobRow>();
  /** Stored rows without records. The next commit deletes them. */
  #emptied: number[] = [];
  /** Stored rows that have expired and are too large to be kept for use again. */
  readonly #large: number[] = [];
  #largeBytes = 0;
  #newest: JobRow | undefined;
  #lastNumber = 0;
  #lastUntil = 0;
  #now = 0;

  /** How many records are kept. Some of them may have expired, in rows where others have not. */
  count = 0;
  /** Their size in UTF-8. */
  bytes = 0;

  /** @param ledger counts what becomes of records */
  constructor(reader: JobRowReader, ledger: Ledger) {
    this.#reader = reader;
    this.#ledger = ledger;
    this.#texts = new JobTexts(reader);
  }

  /**
   * Restores the stored rows.
   *
   * @param time that of the newest commit, in milliseconds: what had expired by then was counted so
   * @throws {DamagedRow} if a row has another number of fingerprints than of records
   */
  restore(stored: Iterable<StoredJobRow>, time: number): void {
    this.#now = time;
    const rows: JobRow[] = [];
    for (const { slot, number, until, count, bytes, fingerprints } of stored) {
      this.#free.restore(slot);
      this.#lastNumber = Math.max(this.#lastNumber, number);
      if (until <= time || fingerprints === null) {
        this.#release(slot, bytes);
        continue;
      }
      const characters = fingerprints.length;
      if (count === 0 || characters !== count * FINGERPRINT_CHARACTERS) {
        throw damagedJobs(slot, `its ${count} records have fingerprints of ${characters} characters`);
      }
      for (const fingerprint of decodeFingerprints(fingerprints)) this.#slots.add(fingerprint, slot);
      rows.push(new JobRow(slot, number, this.#texts).restore(until, count, bytes));
    }
    for (const row of rows.sort((a, b) => a.number - b.number)) {
      this.#rows.set(row.slot, row);
      this.#planExpiry(row);
      this.count += row.count;
      this.bytes += row.bytes;
      this.#newest = row;
    }
  }

  /**
   * Keeps a record, in place of an older one of the same message. It must be valid for some time yet. Beyond a bound the
   * oldest records count as expired.
   *
   * @param bytesMax bounds the size of all records in UTF-8
   */
  add(record: JobRecord, bytesMax = OUTCOMES_BYTES_MAX, recordsMax = OUTCOMES_MAX): void {
    this.#replace(record.place);
    const text = textOfJob(record);
    const bytes = utf8Bytes(text) + 1;
    const row = this.#rowFor(bytes);
    row.append(text, bytes, record.until);
    this.#slots.add(fingerprintOfPlace(record.place), row.slot);
    this.#changed.add(row);
    this.#planExpiry(row);
    this.count += 1;
    this.bytes += bytes;
    this.#ledger.countJobs("recorded", 1);
    while (this.count > recordsMax || this.bytes > bytesMax) {
      const [oldest] = this.#rows.values();
      // One row alone is as large as it may be.
      if (oldest === undefined || oldest === row) return;
      this.#ledger.countJobs("expired", oldest.count);
      this.#forget(oldest);
      this.#empty(oldest);
    }
  }

  /**
   * The record of the message with this place in its id; undefined if there is none that is valid.
   *
   * @throws {DamagedRow} if its row cannot be read
   */
  find(place: Place, now: number): JobRecord | undefined {
    for (const slot of this.#slots.slotsOf(fingerprintOfPlace(place))) {
      const text = this.#rows.get(slot)?.find(place);
      if (text === undefined) continue;
      const record = parseJob(slot, text);
      return record.until > now ? record : undefined;
    }
    return undefined;
  }

  /**
   * The valid records, in the reverse of the order in which they were added. Each comes with a cursor that goes on behind it.
   *
   * @param cursor where to go on; with any text that is no cursor, at the newest record
   * @throws {DamagedRow} if a row cannot be read
   */
  *newestFirst(cursor: string, now: number): Generator<{ record: JobRecord; cursor: string }> {
    const from = positionOf(cursor);
    for (const row of [...this.#rows.values()].reverse()) {
      if (row.number > from.number || row.until <= now) continue;
      const records = row.records();
      const end = row.number === from.number ? Math.min(from.index, records.length) : records.length;
      for (let index = end - 1; index >= 0; index -= 1) {
        const record = parseJob(row.slot, records[index] as string);
        if (record.until > now) yield { record, cursor: `${row.number}-${index}` };
      }
    }
  }

  /** Removes all records, and answers how many there were. */
  purge(): number {
    const purged = this.count;
    for (const row of this.#rows.values()) this.#empty(row);
    this.#rows.clear();
    this.#slots = new FingerprintTable();
    this.#expiries.clear();
    this.#changed.clear();
    this.#texts.clear();
    this.#newest = undefined;
    this.#lastUntil = 0;
    this.count = 0;
    this.bytes = 0;
    this.#ledger.countJobs("purged", purged);
    return purged;
  }

  /** Removes the rows of which all records have expired. To be called with the time of each commit before it is taken. */
  expire(now: number): void {
    this.#now = Math.max(this.#now, now);
    for (let row = this.#expiries.take(now); row !== undefined; row = this.#expiries.take(now)) {
      if (row.until > now) {
        this.#expiries.plan(row, row.until);
        continue;
      }
      this.#ledger.countJobs("expired", row.count);
      this.#forget(row);
      if (row.isStored) this.#release(row.slot, row.bytes);
      else this.#free.release(row.slot, "none");
    }
  }

  /** Whether there is something that must be committed. What else `takeChanges` gives is only worth another commit. */
  get isDirty(): boolean {
    return this.#changed.size > 0 || this.#emptied.length > 0 || this.#isFreeTooMuch;
  }

  /** When `expire` and a commit are worth to be called for what they remove from storage; else Infinity. */
  get nextCleanAt(): number {
    if (this.#isFreeTooMuch) return this.#now;
    return this.bytes > CLEANED_BYTES_MIN ? this.#lastUntil : Number.POSITIVE_INFINITY;
  }

  /** What has changed since the last commit, and the deletion of rows of which too many are free. */
  takeChanges(): JobRowChange[] {
    const changes = Array.from(this.#changed, (row) => row.takeChange());
    this.#changed.clear();
    const large = this.#large.splice(0, OLD_ROWS_DELETED_MAX);
    if (this.#large.length === 0) this.#largeBytes = 0;
    const excess = this.#free.takeExcess(OLD_ROWS_DELETED_MAX - large.length);
    const slots = [...this.#emptied, ...large, ...excess];
    this.#emptied = [];
    if (slots.length > 0) changes.push({ kind: "delete", slots });
    return changes;
  }

  get #isFreeTooMuch(): boolean {
    return this.#free.areTooMany || this.#largeBytes > CLEANED_BYTES_MIN;
  }

  /** The newest row, or a new one if that has no room. */
  #rowFor(bytes: number): JobRow {
    if (this.#newest?.hasRoomFor(bytes)) return this.#newest;
    this.#lastNumber += 1;
    const row = new JobRow(this.#free.take(), this.#lastNumber, this.#texts);
    this.#rows.set(row.slot, row);
    this.#newest = row;
    return row;
  }

  #planExpiry(row: JobRow): void {
    this.#expiries.plan(row, row.until);
    this.#lastUntil = Math.max(this.#lastUntil, row.until);
  }

  /** Removes the record of a place, if there is one. */
  #replace(place: Place): void {
    const fingerprint = fingerprintOfPlace(place);
    for (const slot of this.#slots.slotsOf(fingerprint)) {
      const row = this.#rows.get(slot);
      const text = row?.find(place);
      if (row === undefined || text === undefined) continue;
      const { bytes } = row;
      row.remove(text);
      this.count -= 1;
      this.bytes -= bytes - row.bytes;
      this.#ledger.countJobs("replaced", 1);
      if (!row.hasFingerprint(fingerprint)) this.#slots.remove(fingerprint, slot);
      this.#changed.add(row);
      if (row.count > 0) return;
      this.#forget(row);
      this.#empty(row);
      return;
    }
  }

  /** Forgets a row, and what is not stored of it. */
  #forget(row: JobRow): void {
    const { slot } = row;
    for (const fingerprint of row.addedFingerprints()) this.#slots.remove(fingerprint, slot);
    if (row.isStored) {
      const stored = this.#reader.jobFingerprints(slot);
      for (const fingerprint of decodeFingerprints(stored)) this.#slots.remove(fingerprint, slot);
    }
    this.#rows.delete(slot);
    this.#changed.delete(row);
    this.#expiries.drop(row);
    this.#texts.drop(slot);
    this.count -= row.count;
    this.bytes -= row.bytes;
    if (this.#newest === row) this.#newest = undefined;
  }

  /** A row that has not expired has no records any more: if it is stored, it must be deleted. */
  #empty({ slot, isStored }: JobRow): void {
    if (isStored) this.#emptied.push(slot);
    else this.#free.release(slot, "none");
  }

  /** A stored row has expired. */
  #release(slot: number, bytes: number): void {
    if (bytes <= SEGMENT_BYTES_MAX) {
      this.#free.release(slot, "none");
      return;
    }
    this.#large.push(slot);
    this.#largeBytes += bytes;
  }
}

const BEGIN = { number: Number.POSITIVE_INFINITY, index: Number.POSITIVE_INFINITY };

/** Where the records before a cursor end. */
function positionOf(cursor: string): { number: number; index: number } {
  const [, number, index] = /^([0-9]{1,15})-([0-9]{1,6})$/.exec(cursor) ?? [];
  return number === undefined ? BEGIN : { number: Number(number), index: Number(index) };
}
