import type { Place } from "../../../src/queue/base/receipt.ts";
import type { JobRecord } from "../../../src/queue/store/job-records.ts";
import { JobRows } from "../../../src/queue/store/job-rows.ts";
import { Ledger } from "../../../src/queue/store/ledger.ts";
import { type JobRowChange, NO_KEYS, type StoredJobRow } from "../../../src/queue/store/rows.ts";
import { MemoryRows } from "./memory-rows.ts";

/** Counts the reads of job records. */
class CountedRows extends MemoryRows {
  reads = 0;

  override jobRecords(slot: number): string {
    this.reads += 1;
    return super.jobRecords(slot);
  }

  /** The stored rows of jobs, with their texts. */
  get jobs(): readonly (StoredJobRow & { records: string; fingerprints: string })[] {
    return [...this.jobRows.values()];
  }
}

/** Job records and where they are stored, without a queue. */
export class StoredJobs {
  readonly rows = new CountedRows();
  ledger = new Ledger();
  jobs = new JobRows(this.rows, this.ledger);
  now = 1_800_000_000_000;

  /** Lets time pass. */
  pass(ms: number): void {
    this.now += ms;
    this.jobs.expire(this.now);
  }

  /** Stores what has changed, and answers with it. */
  commit(): readonly JobRowChange[] {
    this.jobs.expire(this.now);
    const { totals } = this.ledger;
    totals.time = this.now;
    totals.commit += 1;
    this.ledger.assertBalance(this.jobs.count);
    const jobRows = this.jobs.takeChanges();
    const others = { forgottenSenders: [], inboundTransfers: [] };
    this.rows.write({ changes: [{ kind: "totals", slot: 1, ...NO_KEYS }], jobRows, totals, ...others });
    return jobRows;
  }

  /** Begins again with what is stored. */
  restart(): void {
    const stored = this.rows.load();
    this.ledger = new Ledger(stored?.totals);
    this.jobs = new JobRows(this.rows, this.ledger);
    if (stored !== undefined) this.jobs.restore(stored.jobRows, stored.totals.time);
    this.ledger.assertBalance(this.jobs.count);
  }

  find(place: Place): JobRecord | undefined {
    return this.jobs.find(place, this.now);
  }

  list(cursor = ""): JobRecord[] {
    return Array.from(this.jobs.newestFirst(cursor, this.now), ({ record }) => record);
  }

  /** A job that is done now. */
  record(index: number, changes: Partial<JobRecord> = {}): JobRecord {
    const [putAt, finishedAt, until] = [this.now - 5_000, this.now, this.now + 3_600_000];
    const place = { segmentNumber: 7, index };
    return { place, state: "done", task: "resize", attempts: 1, putAt, finishedAt, until, result: "1", ...changes };
  }

  /** Adds jobs that are done now, with these indexes. */
  add(begin: number, end: number, changes: Partial<JobRecord> = {}): void {
    for (let index = begin; index < end; index += 1) this.jobs.add(this.record(index, changes));
  }
}

/** A result whose JSON text has so many characters. */
export function resultOf(characters: number): string {
  return `"${"x".repeat(characters - 2)}"`;
}
