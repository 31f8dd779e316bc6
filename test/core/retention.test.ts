import { expect, test } from "vitest";
import { MemoryRows } from "../support/core/memory-rows.ts";
import { TestQueue } from "../support/core/test-queue.ts";

class CountedRows extends MemoryRows {
  linesRead = 0;

  override payloads(slot: number) {
    this.linesRead += 1;
    return super.payloads(slot);
  }
}

/** Each fills a segment of its own. */
const LARGE = "x".repeat(70_000);

test("a backlog that expires at once does so over many commit batches, none of which reads much", () => {
  const rows = new CountedRows();
  const queue = new TestQueue(rows);
  for (let put = 0; put < 60; put += 1) queue.put(...Array.from({ length: 10 }, () => ({ body: LARGE })));
  queue.run({ verb: "configure", changes: { retentionMs: 1_000 } });
  queue.put({ body: "new" });
  queue.now += 999;
  queue.put({ body: "newer" });

  queue.now += 1;
  const expired: number[] = [];
  const received: unknown[] = [];
  do {
    rows.linesRead = 0;
    received.push(...queue.receive(10));
    expect(rows.linesRead).toBeLessThanOrEqual(300);
    expired.push(queue.queue.isBehind ? 0 : queue.describe().expired);
  } while (queue.queue.isBehind);

  expect(expired.length).toBeGreaterThan(2);
  expect(expired.at(-1)).toBe(601);
  expect(received).toEqual(["newer"]);
});

for (const [what, prepare] of [
  ["delayed", (queue: TestQueue) => queue.put({ body: 1, delayMs: 5_000 })],
  [
    "leased",
    (queue: TestQueue) => {
      queue.put({ body: 1 });
      queue.receive(1, 5_000);
    },
  ],
] as const) {
  test(`a queue wakes for the expiry of a message that is ${what} though there is no call`, () => {
    const queue = new TestQueue();
    queue.run({ verb: "configure", changes: { retentionMs: 1_000, maxAttempts: 0 } });
    prepare(queue);

    for (let wakes = 0; wakes < 5 && queue.queue.nextWakeAt < Number.POSITIVE_INFINITY; wakes += 1) {
      queue.now = Math.max(queue.now, queue.queue.nextWakeAt);
      queue.run();
    }

    expect(queue.describe()).toMatchObject({ expired: 1, visible: 0, delayed: 0, leased: 0 });
  });
}
