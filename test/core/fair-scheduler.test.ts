import { expect, test } from "vitest";
import { FairScheduler } from "../../src/queue/schedule/fair-scheduler.ts";
import { Ledger } from "../../src/queue/store/ledger.ts";
import { Segment } from "../../src/queue/store/segment.ts";
import { Random } from "../support/random.ts";

test("the next message is of the first segment that has visible ones, whichever were finished before", () => {
  const kind = { priority: 0, areDeadLetters: false, isGrouped: false };
  const segments = new Map<number, Segment>();
  const scheduler = new FairScheduler("fifo", 1, ({ segmentNumber }) => segments.get(segmentNumber));
  const random = new Random(3);
  for (let number = 1; number <= 2_000; number += 1) {
    const segment = new Segment(number, number, kind, 0, new Ledger());
    segment.append(10, 0);
    scheduler.becameVisible(segment);
    segments.set(number, segment);
    const finished = segments.get(random.integer(number) + 1);
    if (finished === undefined) continue;
    scheduler.finished(finished);
    segments.delete(finished.number);
  }
  expect(segments.size).toBeGreaterThan(500);

  for (const segment of segments.values()) {
    expect(scheduler.next()).toEqual({ segment, index: 0 });
    scheduler.finished(segment);
  }
  expect(scheduler.next()).toBeUndefined();
});
