import { beforeEach, describe, expect, test } from "vitest";
import { APPEND_BYTES_MAX, ROW_BYTES_MAX, SEGMENT_BYTES_MAX } from "../../../src/queue/base/row-budget.ts";
import { FREE_ROWS_MAX, OLD_ROWS_DELETED_MAX } from "../../../src/queue/store/free-rows.ts";
import { textOfJob } from "../../../src/queue/store/job-records.ts";
import { JOBS_PER_ROW_MAX } from "../../../src/queue/store/job-row.ts";
import { resultOf, StoredJobs } from "../../support/core/stored-jobs.ts";

const HOUR_MS = 3_600_000;
/** Each such record has a row of its own. */
const LARGE = { result: resultOf(40_000) };
const LARGEST = { result: resultOf(1024 * 1024) };

let stored: StoredJobs;

beforeEach(() => {
  stored = new StoredJobs();
});

/** Stores so many rows of a record each. */
function fill(rows: number, changes: object = LARGE): void {
  stored.add(0, rows, changes);
  stored.commit();
}

describe("rows", () => {
  test("hold the records of one commit together, and those of the next commits while they are small", () => {
    stored.add(0, 20);
    const first = stored.commit();
    stored.add(20, 21);
    const second = stored.commit();

    expect(first).toMatchObject([{ kind: "write", slot: 1, number: 1, count: 20 }]);
    const record = `${textOfJob(stored.record(20))}\n`;
    expect(second).toEqual([
      { kind: "append", slot: 1, number: 1, count: 21, bytes: 21 * record.length - 10, ...expectedTexts(record) },
    ]);
    expect(stored.commit()).toEqual([]);
  });

  function expectedTexts(records: string) {
    return { records, fingerprints: expect.stringMatching(/^.{5}$/), until: stored.now + HOUR_MS };
  }

  test("hold 256 records each: a thousand of one commit are four rows", () => {
    stored.add(0, 1_000);

    expect(stored.commit()).toMatchObject([256, 256, 256, 232].map((count) => ({ kind: "write", count })));
  });

  test("take no more than 64 KiB, and no appends once they have more than 16 KiB or 128 records", () => {
    for (let index = 0; index < 400; index += 1) {
      stored.add(index, index + 1, index < 200 ? {} : { result: resultOf(1_000) });
      expect(stored.commit()).toHaveLength(1);
    }
    stored.add(1_000, 1_400, { result: resultOf(1_000) });
    stored.commit();

    const rows = stored.rows.jobs;
    expect(rows.at(0)?.count).toBe(JOBS_PER_ROW_MAX / 2 + 1);
    expect(rows.at(3)?.bytes).toBeGreaterThan(APPEND_BYTES_MAX);
    expect(rows.at(3)?.bytes).toBeLessThan(APPEND_BYTES_MAX + 1_200);
    const most = Math.max(...rows.map(({ bytes }) => bytes));
    expect(most).toBeLessThanOrEqual(SEGMENT_BYTES_MAX);
    expect(most).toBeGreaterThan(SEGMENT_BYTES_MAX - 1_200);
  });

  test("hold a larger record alone, as large as any", () => {
    stored.add(0, 1);
    stored.add(1, 2, { result: `"${"界".repeat(349_524)}"` });
    stored.add(2, 3);
    const changes = stored.commit();

    expect(changes).toMatchObject([{ count: 1 }, { count: 1 }, { count: 1 }]);
    expect(Math.max(...stored.rows.jobs.map(({ bytes }) => bytes))).toBeLessThan(ROW_BYTES_MAX);
    stored.restart();
    expect(stored.find({ segmentNumber: 7, index: 1 })?.result).toHaveLength(349_526);
  });

  test("of 256 records with the longest errors are no larger than their bounds", () => {
    const error = { name: "\u0001".repeat(128), message: "\u0001".repeat(1_024), stack: "\u0001".repeat(8_192) };
    stored.add(0, 256, { state: "failed", result: undefined, reason: "rejected", error });
    stored.commit();

    for (const { bytes } of stored.rows.jobs) expect(bytes).toBeLessThanOrEqual(SEGMENT_BYTES_MAX);
    expect(stored.rows.jobs.every(({ count }) => count === 1)).toBe(true);
  });

  test("are used again when they have expired, so that a queue with steady work adds none", () => {
    for (let round = 0; round < 50; round += 1) {
      stored.add(0, 256);
      stored.commit();
      stored.pass(HOUR_MS);
    }

    expect(stored.rows.jobs).toHaveLength(1);
    expect(stored.jobs.count).toBe(0);
  });

  test("that have expired are deleted with later commits where too many are free, a bounded number with each", () => {
    const rows = FREE_ROWS_MAX + OLD_ROWS_DELETED_MAX + 50;
    fill(rows);
    stored.pass(HOUR_MS);

    const sizes: number[] = [];
    while (stored.jobs.isDirty) {
      stored.commit();
      sizes.push(stored.rows.jobs.length);
    }
    stored.add(0, 1);
    stored.commit();

    expect(sizes).toEqual([rows - OLD_ROWS_DELETED_MAX]);
    // One of them holds the record.
    expect(stored.rows.jobs).toHaveLength(FREE_ROWS_MAX + 1);
  });

  test("that have expired while the queue was not loaded are free at once, and counted when it is", () => {
    fill(10);
    stored.now += HOUR_MS;
    stored.restart();
    stored.pass(0);

    expect(stored.jobs.count).toBe(0);
    expect(stored.ledger.totals.jobs).toEqual({ recorded: 10, expired: 10, purged: 0, replaced: 0 });
    stored.commit();
    stored.restart();
    expect(stored.ledger.totals.jobs).toMatchObject({ expired: 10 });
    stored.add(0, 1);
    expect(stored.commit()).toMatchObject([{ kind: "write", number: 11 }]);
    expect(stored.rows.jobs).toHaveLength(10);
  });

  test("that are large are not kept for use again when they have expired", () => {
    fill(3, LARGEST);
    expect(stored.jobs.nextCleanAt).toBe(stored.now + HOUR_MS);
    stored.pass(HOUR_MS);

    expect(stored.jobs.isDirty).toBe(true);
    expect(stored.commit()).toMatchObject([{ kind: "delete", slots: { length: 3 } }]);
    expect(stored.rows.jobs).toEqual([]);
    expect(stored.jobs.nextCleanAt).toBe(Number.POSITIVE_INFINITY);
  });

  test("of a purge are deleted, each once, and nothing is found any more", () => {
    fill(5);
    stored.add(100, 101);
    const before = stored.rows.rowsWritten;

    expect(stored.jobs.purge()).toBe(6);
    expect(stored.find({ segmentNumber: 7, index: 1 })).toBeUndefined();
    expect(stored.list()).toEqual([]);
    stored.commit();

    expect(stored.rows.jobs).toEqual([]);
    // One is that of the totals.
    expect(stored.rows.rowsWritten - before).toBe(6);
    stored.restart();
    expect(stored.ledger.totals.jobs).toEqual({ recorded: 6, expired: 0, purged: 6, replaced: 0 });
    expect(stored.jobs.purge()).toBe(0);
    expect(stored.jobs.isDirty).toBe(false);
  });
});
