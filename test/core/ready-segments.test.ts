import { expect, test } from "vitest";
import { ORDERS } from "../../src/queue/schedule/orders.ts";
import { ReadySegments } from "../../src/queue/schedule/ready-segments.ts";
import { Ledger } from "../../src/queue/store/ledger.ts";
import { Segment } from "../../src/queue/store/segment.ts";

test("segments that are done with are let go of, although nobody receives", () => {
  const ready = new ReadySegments(ORDERS.fifo);
  const kind = { priority: 0, areDeadLetters: false, isGrouped: false };
  for (let number = 1; number <= 10_000; number += 1) {
    const segment = new Segment(number, number, kind, 0, new Ledger());
    segment.append(10, 0);
    ready.add(segment);
    if (number > 1) ready.drop(segment);
  }

  expect(ready.size).toBeLessThan(2_000);
  expect(ready.first()?.number).toBe(1);
});
