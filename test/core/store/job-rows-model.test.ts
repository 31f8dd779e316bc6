/** Job rows behave as a plain map of records does, whatever is done with them. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SEGMENT_BYTES_MAX } from "../../../src/queue/base/row-budget.ts";
import type { JobRecord } from "../../../src/queue/store/job-records.ts";
import { JOBS_PER_ROW_MAX } from "../../../src/queue/store/job-row.ts";
import { resultOf, StoredJobs } from "../../support/core/stored-jobs.ts";

const RESULTS = [2, 2, 2, 300, 5_000, 20_000, 70_000].map(resultOf).concat(`"${"界".repeat(6_000)}"`);

const segmentNumber = fc.integer({ min: 1, max: 40 });
const index = fc.integer({ min: 0, max: 9 });
const add = fc.record({
  verb: fc.constant("add"),
  segmentNumber,
  index,
  keptMs: fc.constantFrom(1, 50, 1_000, 60_000),
  result: fc.constantFrom(...RESULTS),
});
const many = fc.record({ verb: fc.constant("many"), segmentNumber, count: fc.integer({ min: 1, max: 300 }) });
const pass = fc.record({ verb: fc.constant("pass"), ms: fc.constantFrom(0, 1, 40, 1_000, 60_000) });
const other = fc.record({ verb: fc.constantFrom("purge", "commit", "commit", "restart", "crash", "list") });
const step = fc.oneof({ weight: 5, arbitrary: add }, many, pass, { weight: 3, arbitrary: other });

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The records by their place, those that were added last at the end. Those that have expired may still be there. */
type Model = Map<string, JobRecord>;

function keyOf({ place }: JobRecord): string {
  return `${place.segmentNumber}-${place.index}`;
}

class Pair {
  readonly stored = new StoredJobs();
  model: Model = new Map();
  #committed: Model = new Map();

  apply(step: Step): void {
    switch (step.verb) {
      case "add": {
        const { segmentNumber, index, keptMs, result } = step;
        const until = this.stored.now + keptMs;
        this.#add(this.stored.record(index, { place: { segmentNumber, index }, until, result }));
        return;
      }
      case "many":
        for (let index = 0; index < step.count; index += 1) {
          this.#add(this.stored.record(index, { place: { segmentNumber: step.segmentNumber, index: 100 + index } }));
        }
        return;
      case "pass":
        this.stored.pass(step.ms);
        return;
      case "purge":
        expect(this.stored.jobs.purge()).toBeGreaterThanOrEqual(this.valid().length);
        this.model.clear();
        return;
      case "list":
        expect(this.stored.list()).toEqual(this.valid().reverse());
        return;
      case "commit":
        this.#commit();
        return;
      default:
        if (step.verb === "restart") this.#commit();
        this.stored.restart();
        this.model = new Map(this.#committed);
    }
  }

  #add(record: JobRecord): void {
    this.stored.jobs.add(record);
    this.model.delete(keyOf(record));
    this.model.set(keyOf(record), record);
  }

  #commit(): void {
    this.stored.commit();
    expect(this.stored.jobs.isDirty).toBe(false);
    this.#committed = new Map(this.model);
  }

  /** Those that have not expired. */
  valid(): JobRecord[] {
    return [...this.model.values()].filter(({ until }) => until > this.stored.now);
  }

  check(): void {
    for (const record of this.model.values()) {
      expect(this.stored.find(record.place)).toEqual(record.until > this.stored.now ? record : undefined);
    }
    expect(this.stored.find({ segmentNumber: 41, index: 0 })).toBeUndefined();
    expect(this.stored.jobs.count).toBeGreaterThanOrEqual(this.valid().length);
    this.stored.ledger.assertBalance(this.stored.jobs.count);
    for (const { bytes, count, records, fingerprints } of this.stored.rows.jobs) {
      expect(Buffer.byteLength(records)).toBe(bytes);
      expect(fingerprints.length).toBe(5 * count);
      expect(count).toBeLessThanOrEqual(JOBS_PER_ROW_MAX);
      expect(count === 1 || bytes <= SEGMENT_BYTES_MAX).toBe(true);
    }
  }
}

test("whatever is recorded, expires, is purged, stored and loaded, each valid record is found, once and as it was", () =>
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const step of steps) pair.apply(step);
      pair.check();
      pair.apply({ verb: "list" });
      pair.apply({ verb: "restart" });
      pair.check();
      pair.apply({ verb: "list" });
    }),
    { numRuns: 300 },
  ));
