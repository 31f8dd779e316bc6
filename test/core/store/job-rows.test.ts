import { beforeEach, describe, expect, test } from "vitest";
import { APPEND_BYTES_MAX, ROW_BYTES_MAX, SEGMENT_BYTES_MAX } from "../../../src/queue/base/row-budget.ts";
import { FREE_ROWS_MAX, OLD_ROWS_DELETED_MAX } from "../../../src/queue/store/free-rows.ts";
import { textOfJob } from "../../../src/queue/store/job-records.ts";
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

  test("are written as whole rows of at most 64 KiB, and appended to up to 16 KiB", () => {
    for (let index = 0; index < 400; index += 1) {
      stored.add(index, index + 1, { result: resultOf(1_000) });
      const [change, ...others] = stored.commit();
      expect(others).toEqual([]);
      expect(change?.kind === "append" ? change.bytes : 0).toBeLessThanOrEqual(APPEND_BYTES_MAX);
    }
    stored.add(1_000, 1_400, { result: resultOf(1_000) });
    stored.commit();

    const sizes = stored.rows.jobs.map(({ bytes }) => bytes);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(SEGMENT_BYTES_MAX);
    expect(Math.max(...sizes)).toBeGreaterThan(SEGMENT_BYTES_MAX - 2_000);
    expect(sizes.filter((bytes) => bytes <= APPEND_BYTES_MAX).length).toBeGreaterThan(20);
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

describe("a record", () => {
  test("takes the place of an older one of the same message, at one more row written", () => {
    stored.add(0, 3);
    stored.commit();
    fill(1, { ...LARGE, place: { segmentNumber: 8, index: 0 } });
    stored.restart();

    stored.add(1, 2, { state: "cancelled", result: undefined });
    const changes = stored.commit();

    expect(changes).toMatchObject([
      { kind: "write", slot: 1, count: 2 },
      { kind: "write", slot: 3, count: 1 },
    ]);
    expect(stored.find({ segmentNumber: 7, index: 1 })?.state).toBe("cancelled");
    expect(stored.list().map(({ place }) => place.index)).toEqual([1, 0, 2, 0]);
    expect(stored.ledger.totals.jobs).toEqual({ recorded: 5, expired: 0, purged: 0, replaced: 1 });
  });

  test("that was alone in its row leaves none", () => {
    fill(2);
    stored.add(0, 1, { state: "failed" });

    expect(stored.commit()).toMatchObject([
      { kind: "write", slot: 3 },
      { kind: "delete", slots: [1] },
    ]);
  });

  test("that replaces one of the same commit is the only one that is written", () => {
    stored.add(0, 1);
    stored.add(0, 1, { state: "failed" });

    expect(stored.commit()).toMatchObject([{ kind: "write", slot: 1, count: 1 }]);
    expect(stored.find({ segmentNumber: 7, index: 0 })?.state).toBe("failed");
  });

  test("is not found from the time on until which it is kept, although its row is", () => {
    stored.jobs.add(stored.record(0, { until: stored.now + 1_000 }));
    stored.jobs.add(stored.record(1));
    stored.commit();

    stored.pass(999);
    expect(stored.find({ segmentNumber: 7, index: 0 })).toBeDefined();
    stored.pass(1);

    expect(stored.find({ segmentNumber: 7, index: 0 })).toBeUndefined();
    expect(stored.list().map(({ place }) => place.index)).toEqual([1]);
    expect(stored.jobs.count).toBe(2);
  });

  test("is read from storage once, also if others of its row are", () => {
    stored.add(0, 200);
    stored.commit();
    stored.restart();
    for (let index = 0; index < 200; index += 1) expect(stored.find({ segmentNumber: 7, index })).toBeDefined();
    stored.add(200, 201);
    stored.commit();
    expect(stored.find({ segmentNumber: 7, index: 200 })).toBeDefined();
    expect(stored.find({ segmentNumber: 7, index: 201 })).toBeUndefined();

    expect(stored.rows.reads).toBe(1);
  });

  test("that was just stored is found without a read, and no more than 1 MiB of them is kept", () => {
    fill(100);
    for (let index = 99; index >= 90; index -= 1) expect(stored.find({ segmentNumber: 7, index })).toBeDefined();
    expect(stored.rows.reads).toBe(0);
    expect(stored.find({ segmentNumber: 7, index: 0 })).toBeDefined();

    expect(stored.rows.reads).toBe(1);
  });
});

test("a list goes on behind its cursor, also after a restart; a text that is no cursor begins it", () => {
  stored.add(0, 600);
  stored.commit();
  stored.add(600, 601);
  const seen: number[] = [];
  let cursor = "";
  for (const { record, cursor: next } of stored.jobs.newestFirst(cursor, stored.now)) {
    seen.push(record.place.index);
    cursor = next;
    if (seen.length === 400) break;
  }
  stored.commit();
  stored.restart();
  seen.push(...stored.list(cursor).map(({ place }) => place.index));

  expect(seen).toEqual(Array.from({ length: 601 }, (_, index) => 600 - index));
  expect(stored.list("other")).toHaveLength(601);
});

describe("a row that cannot be right is damaged", () => {
  test("where it has lost records", () => {
    stored.add(0, 3);
    stored.commit();
    stored.restart();
    Object.assign(stored.rows.jobs[0] ?? {}, { records: `${textOfJob(stored.record(0))}\n` });

    expect(() => stored.find({ segmentNumber: 7, index: 1 })).toThrow(
      "The row 1 is damaged: it is one of job records, and its 3 records have 1 lines.",
    );
  });

  test("where it has lost fingerprints", () => {
    stored.add(0, 3);
    stored.commit();
    Object.assign(stored.rows.jobs[0] ?? {}, { fingerprints: "00000" });

    expect(() => stored.restart()).toThrow(
      "The row 1 is damaged: it is one of job records, and its 3 records have fingerprints of 5 characters.",
    );
  });
});
