import { beforeEach, describe, expect, test } from "vitest";
import type { Place } from "../../../src/queue/base/receipt.ts";
import { fingerprintOfPlace, textOfJob } from "../../../src/queue/store/job-records.ts";
import { resultOf, StoredJobs } from "../../support/core/stored-jobs.ts";

const HOUR_MS = 3_600_000;
/** Each such record has a row of its own. */
const LARGE = { result: resultOf(70_000) };

let stored: StoredJobs;

beforeEach(() => {
  stored = new StoredJobs();
});

/** Stores so many rows of a record each. */
function fill(rows: number, changes: object = LARGE): void {
  stored.add(0, rows, changes);
  stored.commit();
}

/** Two places whose records have one fingerprint. */
function placesOfOneFingerprint(): [Place, Place] {
  const seen = new Map<number, Place>();
  for (let segmentNumber = 1; ; segmentNumber += 1) {
    const place = { segmentNumber, index: 0 };
    const fingerprint = fingerprintOfPlace(place);
    const other = seen.get(fingerprint);
    if (other !== undefined) return [other, place];
    seen.set(fingerprint, place);
  }
}

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

  test("is found where the text of its begin is in a result before it", () => {
    stored.add(0, 1, { result: '"[7,1,"' });
    stored.add(1, 2);
    stored.commit();

    expect(stored.find({ segmentNumber: 7, index: 1 })).toEqual(stored.record(1));
    expect(stored.find({ segmentNumber: 7, index: 2 })).toBeUndefined();
  });

  test("whose place has the fingerprint of another in its row is replaced, and the other is still found", () => {
    const [first, second] = placesOfOneFingerprint();
    stored.add(0, 1, { place: first });
    stored.add(0, 1, { place: second });
    // So that the next record comes into another row.
    fill(1);

    stored.add(0, 1, { place: first, state: "failed" });

    expect(stored.find(first)?.state).toBe("failed");
    expect(stored.find(second)?.state).toBe("done");
  });

  test("that has expired leads to no read of the row that has its slot then", () => {
    stored.add(0, 100);
    stored.commit();
    stored.pass(HOUR_MS);
    stored.add(100, 101);
    stored.commit();
    // So many that the row is not in memory any more.
    for (let index = 0; index < 20; index += 1) {
      stored.add(index, index + 1, { ...LARGE, place: { segmentNumber: 8, index } });
      stored.commit();
    }

    for (let index = 0; index < 100; index += 1) expect(stored.find({ segmentNumber: 7, index })).toBeUndefined();
    expect(stored.rows.reads).toBe(0);
    expect(stored.find({ segmentNumber: 7, index: 100 })).toBeDefined();
    expect(stored.rows.reads).toBe(1);
  });

  test("that was just stored is found without a read, and no more than 1 MiB of them is kept", () => {
    fill(100);
    for (let index = 99; index >= 93; index -= 1) expect(stored.find({ segmentNumber: 7, index })).toBeDefined();
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
