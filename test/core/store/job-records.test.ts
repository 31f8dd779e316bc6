import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  beginOfJob,
  fingerprintOfPlace,
  type JobRecord,
  parseJob,
  placeOfJob,
  textOfJob,
} from "../../../src/queue/store/job-records.ts";
import { fingerprintOf } from "../../../src/queue/store/key-records.ts";

const NOW = 1_800_000_000_000;
const DONE: JobRecord = {
  place: { segmentNumber: 17, index: 4 },
  state: "done",
  task: "resize",
  attempts: 2,
  putAt: NOW,
  finishedAt: NOW + 1,
  until: NOW + 2,
  result: '{"width":1.0}',
};

test("a record is a head of JSON and its result, as it was given", () => {
  const text = textOfJob(DONE);

  expect(text).toBe('[17,4,13,"done",2,1800000000000,1800000000001,1800000000002,"resize",null,null]{"width":1.0}');
  expect(text.startsWith(beginOfJob(DONE.place))).toBe(true);
  expect(placeOfJob(1, text)).toEqual(DONE.place);
  expect(parseJob(1, text)).toEqual(DONE);
  expect(fingerprintOfPlace(DONE.place)).toBe(fingerprintOf("17-4"));
});

test("a line feed in a result is stored as a space, which is the same JSON", () => {
  const result = '{\n  "text": "a\\nb"\r\n}';
  const text = textOfJob({ ...DONE, result });

  expect(text).not.toContain("\n");
  expect(JSON.parse(parseJob(1, text).result ?? "")).toEqual(JSON.parse(result));
});

const text = fc.string({ unit: "binary", maxLength: 40 });
const record: fc.Arbitrary<JobRecord> = fc.record(
  {
    place: fc.record({ segmentNumber: fc.integer({ min: 1, max: 1e15 }), index: fc.nat(999_999) }),
    state: fc.constantFrom("done", "failed", "cancelled"),
    attempts: fc.nat(),
    putAt: fc.nat(),
    finishedAt: fc.nat(),
    until: fc.nat(),
    task: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
    result: fc.json(),
    error: fc.record({ name: text, message: text, stack: text }, { requiredKeys: ["name", "message"] }),
    reason: fc.constantFrom("max_attempts", "expired", "rejected"),
  },
  { requiredKeys: ["place", "state", "attempts", "putAt", "finishedAt", "until"] },
);

test("every record is one line, which is read as the same record", () =>
  fc.assert(
    fc.property(record, (job) => {
      const line = textOfJob(job);
      expect(line).not.toContain("\n");
      expect(parseJob(1, line)).toEqual(job);
      expect(placeOfJob(1, line)).toEqual(job.place);
    }),
    { numRuns: 500 },
  ));

test.each([
  ["cut off", textOfJob(DONE).slice(0, 40)],
  ["cut off in its result", textOfJob(DONE).slice(0, -1)],
  ["empty", ""],
  ["of another form", '{"state":"done"}'],
  ["without its end", '[17,4,0,"done",2,3,4,5,null,null]'],
  ["in a state that no outcome is", '[17,4,0,"lost",2,3,4,5,null,null,null]'],
  ["with a reason that there is not", '[17,4,0,"failed",2,3,4,5,null,"bored",null]'],
  ["with an error that is none", '[17,4,0,"failed",2,3,4,5,null,null,{"name":1}]'],
  ["with a time that is none", '[17,4,0,"failed",2,"3",4,5,null,null,null]'],
  ["longer than its result says", '[17,4,900,"done",2,3,4,5,null,null,null]1'],
])("a record that is %s is damaged, and the error names its row", (_, damaged) => {
  expect(() => parseJob(3, damaged)).toThrow(
    `The row 3 is damaged: it is one of job records, and among them is ${JSON.stringify(damaged)}.`,
  );
});
