import { expect, test } from "vitest";
import { Queue } from "../../src/queue/queue.ts";
import { MemoryRows } from "../support/core/memory-rows.ts";
import { TestQueue } from "../support/core/test-queue.ts";
import { Random } from "../support/random.ts";

const DELAY_MS = 100_000;
const BINS = 10;
/** What chi-square with 9 degrees of freedom exceeds by chance once in a thousand times. */
const CHI_SQUARE_MAX = 27.9;

/** How unevenly delays from 0 to the longest are spread over ten equal parts. */
function chiSquareOf(delaysMs: readonly number[]): number {
  const counts = Array.from({ length: BINS }, () => 0);
  for (const delayMs of delaysMs) {
    const bin = Math.min(BINS - 1, Math.floor((delayMs / DELAY_MS) * BINS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const expected = delaysMs.length / BINS;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** A queue in which all of a delay is left to chance. */
function queueNamed(generation: string): TestQueue {
  const rows = new MemoryRows();
  const queue = new TestQueue(rows, new Queue(generation, rows));
  const changes = { maxAttempts: 0, retryDelayMs: DELAY_MS, retryDelayFactor: 1, retryDelayJitter: 1 };
  queue.run({ verb: "configure", changes });
  return queue;
}

/** Has the next messages fail, and answers with how long each of these is not visible. */
function delaysOf(queue: TestQueue, ids: readonly string[]): number[] {
  const result = queue.run({ verb: "receive", max: ids.length, timeoutMs: 0, autoAck: false });
  if (result?.verb !== "receive") throw new Error("Nothing was received.");
  const receipts = result.deliveries.map(({ lease }) => lease?.receipt ?? "");
  queue.run({ verb: "retry", receipts });
  return ids.map((id) => {
    const looked = queue.run({ verb: "peek", id });
    // Visible at once is what the longest jitter leaves.
    return looked?.verb === "peek" ? (looked.view.until ?? queue.now) - queue.now : Number.NaN;
  });
}

/** Generations as queues have them. */
function generations(count: number): string[] {
  const random = new Random(3);
  const characters = [..."abcdefghijklmnopqrstuvwxyz0123456789"];
  return Array.from({ length: count }, () => Array.from({ length: 10 }, () => random.pick(characters)).join(""));
}

test("the first messages of many queues that fail together come back at times spread evenly over the delay", () => {
  const delays = generations(1_000).flatMap((generation) => {
    const queue = queueNamed(generation);
    return delaysOf(queue, queue.put({ body: "task" }));
  });

  expect(delays).toHaveLength(1_000);
  expect(chiSquareOf(delays)).toBeLessThan(CHI_SQUARE_MAX);
});

test("queues whose generations differ in one character do not wait alike", () => {
  const delays = Array.from({ length: 1_000 }, (_, number) => {
    const queue = queueNamed(`q${number}`);
    return delaysOf(queue, queue.put({ body: "task" }))[0] ?? Number.NaN;
  });

  expect(chiSquareOf(delays)).toBeLessThan(CHI_SQUARE_MAX);
});

test("the attempts of one message wait for times spread evenly over the delay", () => {
  const queue = queueNamed("i");
  const ids = queue.put({ body: "task" });

  const delays = Array.from({ length: 1_000 }, () => {
    queue.now += 2 * DELAY_MS;
    return delaysOf(queue, ids)[0] ?? Number.NaN;
  });

  expect(chiSquareOf(delays)).toBeLessThan(CHI_SQUARE_MAX);
  expect(chiSquareOf(delays.slice(0, 50))).toBeLessThan(CHI_SQUARE_MAX);
});

test("the messages of one queue come back at times spread evenly over the delay", () => {
  const queue = queueNamed("i");
  const ids = queue.put(...Array.from({ length: 1_000 }, (_, body) => ({ body })));

  expect(chiSquareOf(delaysOf(queue, ids))).toBeLessThan(CHI_SQUARE_MAX);
});

test("a lease is extended by the time that is asked for, else by the queue's", () => {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { leaseMs: 5_000 } });
  queue.put({ body: "task" });
  const { deliveries } = queue.runNow({ verb: "receive", max: 1, timeoutMs: 0, autoAck: false });
  const receipts = deliveries.map(({ lease }) => lease?.receipt ?? "");
  queue.now += 1_000;

  expect(queue.runNow({ verb: "extend", receipts, leaseMs: 60_000 }).leaseEndsAt).toBe(queue.now + 60_000);
  expect(queue.runNow({ verb: "extend", receipts }).leaseEndsAt).toBe(queue.now + 5_000);
});
