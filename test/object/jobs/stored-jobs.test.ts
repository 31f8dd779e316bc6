/** The rows of jobs in SQLite: what is written is what is read, and each change of a row is one row that is billed. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { QueueStorage } from "../../../src/object/queue-storage.ts";
import { DEFAULT_CONFIGURATION } from "../../../src/queue/base/configuration.ts";
import type { JobRecord } from "../../../src/queue/store/job-records.ts";
import { JobRows } from "../../../src/queue/store/job-rows.ts";
import { Ledger } from "../../../src/queue/store/ledger.ts";
import { NO_KEYS } from "../../../src/queue/store/rows.ts";
import { freshQueue, objectOf } from "../../support/call.ts";

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;

/** Job records in the database of an object, without a queue. */
class Jobs {
  readonly #durable: DurableObjectStorage;
  #storage: QueueStorage;
  #ledger = new Ledger();
  rows: JobRows;

  constructor(durable: DurableObjectStorage) {
    this.#durable = durable;
    this.#storage = new QueueStorage(durable);
    this.#storage.configure("abcdefgh", DEFAULT_CONFIGURATION);
    this.rows = new JobRows(this.#storage.rows, this.#ledger);
  }

  /** Begins again with what is stored. */
  reload(): void {
    const { rowsWritten } = this.#storage;
    this.#storage = new QueueStorage(this.#durable);
    const stored = this.#storage.load()?.stored;
    this.#ledger = new Ledger(stored?.totals);
    this.rows = new JobRows(this.#storage.rows, this.#ledger);
    if (stored !== undefined) this.rows.restore(stored.jobRows, stored.totals.time);
    this.#ledger.assertBalance(this.rows.count);
    expect(this.#storage.rowsWritten).toBe(rowsWritten);
  }

  /** Stores what has changed, and answers how many rows of jobs were written, by the counter of the storage. */
  commit(now: number): number {
    const { totals } = this.#ledger;
    this.rows.expire(now);
    totals.time = now;
    totals.commit += 1;
    this.#ledger.assertBalance(this.rows.count);
    const before = this.#storage.rowsWritten;
    const others = { totals, forgottenSenders: [], inboundTransfers: [] };
    const jobRows = this.rows.takeChanges();
    this.#storage.write({ changes: [{ kind: "totals", slot: 1, ...NO_KEYS }], jobRows, ...others });
    return this.#storage.rowsWritten - before - 1;
  }
}

function record(index: number, changes: Partial<JobRecord> = {}): JobRecord {
  const place = { segmentNumber: 1, index };
  return {
    place,
    state: "done",
    attempts: 1,
    putAt: NOW,
    finishedAt: NOW,
    until: NOW + HOUR_MS,
    result: "7",
    ...changes,
  };
}

function inJobs(use: (jobs: Jobs) => void): Promise<void> {
  return runInDurableObject(objectOf(freshQueue()), (_, { storage }) => use(new Jobs(storage)));
}

test("records that are written, appended and replaced are read again, at one row for each row that changed", () =>
  inJobs((jobs) => {
    const written: number[] = [];
    for (let index = 0; index < 300; index += 1) jobs.rows.add(record(index));
    written.push(jobs.commit(NOW));
    jobs.rows.add(record(300, { result: '"界"' }));
    written.push(jobs.commit(NOW));
    jobs.rows.add(
      record(5, { state: "failed", result: undefined, error: { name: "E", message: "m" }, reason: "expired" }),
    );
    written.push(jobs.commit(NOW));
    jobs.reload();

    expect(written).toEqual([2, 1, 2]);
    expect(jobs.rows.count).toBe(301);
    expect(jobs.rows.find({ segmentNumber: 1, index: 299 }, NOW)).toEqual(record(299));
    expect(jobs.rows.find({ segmentNumber: 1, index: 300 }, NOW)).toEqual(record(300, { result: '"界"' }));
    expect(jobs.rows.find({ segmentNumber: 1, index: 5 }, NOW)).toMatchObject({ state: "failed", reason: "expired" });
    expect(jobs.rows.find({ segmentNumber: 1, index: 301 }, NOW)).toBeUndefined();
    const [newest] = jobs.rows.newestFirst("", NOW);
    expect(newest?.record.place.index).toBe(5);
  }));

test("the largest results are stored, and all is gone after a purge, at one row for each", () =>
  inJobs((jobs) => {
    const result = `"${"界".repeat(349_524)}"`;
    for (let index = 0; index < 3; index += 1) jobs.rows.add(record(index, { result }));
    jobs.commit(NOW);
    jobs.reload();
    expect(jobs.rows.find({ segmentNumber: 1, index: 2 }, NOW)?.result).toBe(result);

    expect(jobs.rows.purge()).toBe(3);
    expect(jobs.commit(NOW)).toBe(3);
    jobs.reload();

    expect(jobs.rows.count).toBe(0);
    expect([...jobs.rows.newestFirst("", NOW)]).toEqual([]);
  }));

test("rows that have expired are used again at one row each, and are read as free", () =>
  inJobs((jobs) => {
    for (let index = 0; index < 512; index += 1) jobs.rows.add(record(index));
    jobs.commit(NOW);
    jobs.reload();
    const later = NOW + HOUR_MS;
    jobs.rows.expire(later);
    for (let index = 0; index < 256; index += 1) jobs.rows.add(record(index, { until: later + 1 }));

    expect(jobs.commit(later)).toBe(1);
    jobs.reload();

    expect(jobs.rows.count).toBe(256);
    expect(jobs.rows.find({ segmentNumber: 1, index: 0 }, later)).toBeDefined();
    expect(jobs.rows.find({ segmentNumber: 1, index: 300 }, later)).toBeUndefined();
  }));
