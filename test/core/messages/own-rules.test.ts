/** Settings that messages have of their own, over those of their queue. */
import { expect, test } from "vitest";
import type { MessageRules } from "../../../src/queue/base/commands.ts";
import { Queue } from "../../../src/queue/queue.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";
import { TestQueue } from "../../support/core/test-queue.ts";

function queueWith(...rules: (MessageRules | undefined)[]): TestQueue {
  const rows = new MemoryRows();
  const queue = new TestQueue(rows, new Queue("g", rows));
  queue.run({ verb: "configure", changes: { retryDelayJitter: 0 } });
  const messages = rules.map((own, index) => ({ content: `"body":${index}`, priority: 100, delayMs: 0, rules: own }));
  queue.run({ verb: "put", messages, timeoutMs: 0 });
  return queue;
}

function fail(queue: TestQueue): void {
  const received = queue.run({ verb: "receive", max: 10, timeoutMs: 0, autoAck: false });
  if (received?.verb !== "receive") throw new Error("No message was received.");
  const receipts = received.deliveries.flatMap(({ lease }) => lease?.receipt ?? []);
  queue.run({ verb: "retry", receipts });
}

function statesIn(queue: TestQueue): [state: string, inMs: number][] {
  const listed = queue.run({ verb: "messages", cursor: "", limit: 10 });
  if (listed?.verb !== "messages") throw new Error("No list came.");
  return listed.views.map(({ state, until = queue.now }) => [state, until - queue.now]);
}

test("a message is dead after its own attempts, and others after those of the queue", () => {
  const queue = queueWith({ maxAttempts: 1 }, undefined, { maxAttempts: 0 });

  fail(queue);

  expect(statesIn(queue)).toEqual([
    ["dead", 0],
    ["delayed", 1_000],
    ["delayed", 1_000],
  ]);
});

test("a message is delayed by its own time, which may be longer than the longest of the queue", () => {
  const queue = queueWith({ retryDelayMs: 600_000 }, { retryDelayMs: 0 }, { retryDelayMs: 4_000 });

  fail(queue);

  expect(statesIn(queue)).toEqual([
    ["delayed", 600_000],
    ["visible", 0],
    ["delayed", 4_000],
  ]);
});

test("a message expires after its own retention, and one with 0 never", () => {
  const queue = queueWith({ retentionMs: 5_000 }, { retentionMs: 0 }, undefined);
  queue.run({ verb: "configure", changes: { retentionMs: 10_000 } });

  queue.now += 5_000;
  queue.run();
  expect(statesIn(queue)).toHaveLength(2);
  queue.now += 5_000;
  queue.run();

  expect(statesIn(queue)).toHaveLength(1);
  queue.now += 100_000_000;
  queue.run();
  expect(statesIn(queue)).toEqual([["visible", 0]]);
});

const DEAD_LETTER = { id: "0.g-1-0", reason: "expired", attempts: 1, firstPutAt: 1, diedAt: 2 } as const;

test("a message that died in another queue is kept as this queue's settings say, and has its own again when it is sent on", () => {
  const dead = queueWith();
  const rules = { maxAttempts: 1, retryDelayMs: 0, retentionMs: 5_000 };
  const messages = [{ content: '"body":0', priority: 100, rules, deadLetter: DEAD_LETTER }];
  dead.run({ verb: "receive_transfer", queue: "tasks", generation: "t", number: 1, messages });

  dead.now += 5_000;
  fail(dead);
  const states = statesIn(dead);
  dead.run({ verb: "redrive", max: 1 });

  expect(states).toEqual([["delayed", 1_000]]);
  expect(dead.outbound()).toMatchObject([{ to: "tasks", messages: [{ rules }] }]);
});

/** Counts how often the payloads of rows are read. */
class CountedRows extends MemoryRows {
  reads = 0;
  characters = 0;

  override payloads(slot: number): string {
    const payloads = super.payloads(slot);
    this.reads += 1;
    this.characters += payloads.length;
    return payloads;
  }
}

function bigQueue(count: number, rulesOf: (index: number) => MessageRules | undefined): [TestQueue, CountedRows] {
  const rows = new CountedRows();
  const queue = new TestQueue(rows, new Queue("g", rows));
  queue.run({ verb: "configure", changes: { retryDelayMs: 0, maxAttempts: 0 } });
  for (let first = 0; first < count; first += 1_000) {
    const indexes = Array.from({ length: Math.min(1_000, count - first) }, (_, offset) => first + offset);
    queue.put(...indexes.map((index) => ({ body: "x".repeat(200), rules: rulesOf(index) })));
  }
  return [queue, rows];
}

test.each<[string, (index: number) => MessageRules | undefined, reads: (segments: number) => number]>([
  ["no rules of their own reads no payloads", () => undefined, () => 0],
  ["the same rules reads no payloads", () => ({ maxAttempts: 1 }), () => 0],
  ["different rules reads those of each row once", (index) => ({ maxAttempts: 1 + (index % 2) }), (rows) => rows],
])("the end of 20,000 leases of messages with %s", (_, rulesOf, readsOf) => {
  const [queue, rows] = bigQueue(20_000, rulesOf);
  for (let received = 0; received < 20_000; received += 1_000) queue.receive(1_000);
  const again = queue.restarted();

  rows.reads = 0;
  again.now += 60_000;
  again.run();

  expect(rows.reads).toBe(readsOf(80));
  const deaths = Array.from({ length: 20_000 }, (__, index) => rulesOf(index)?.maxAttempts === 1).filter(Boolean);
  expect(again.describe()).toMatchObject({ leased: 0, dead: deaths.length });
});

test("a message that is overdue while it is leased does not let its row be read with each retry of another", () => {
  const [queue, rows] = bigQueue(200, (index) => (index === 0 ? { retentionMs: 1_000 } : undefined));
  const [first] = queue.runNow({ verb: "receive", max: 1, leaseMs: 600_000, timeoutMs: 0, autoAck: false }).deliveries;
  queue.now += 1_000;
  rows.reads = 0;
  for (let attempt = 0; attempt < 100; attempt += 1) fail(queue);
  const readsOfRetries = rows.reads;
  queue.run({ verb: "retry", receipts: [first?.lease?.receipt ?? ""] });

  expect(readsOfRetries).toBeLessThanOrEqual(2);
  expect(queue.describe()).toMatchObject({ visible: 199, expired: 1 });
});

test("the start of a queue reads no payloads of messages that have a retention of their own", () => {
  const [queue, rows] = bigQueue(5_000, (index) => ({ retentionMs: 60_000 + (index % 3) }));
  const again = queue.restarted();
  rows.reads = 0;
  again.now += 59_999;
  again.run();
  const readsBefore = rows.reads;
  again.now += 1;
  again.run();

  expect(readsBefore).toBe(0);
  expect(again.describe()).toMatchObject({ expired: 1_667, visible: 3_333 });
});

test("a queue wakes for the end of a lease if a message may die of it by its own attempts", () => {
  const [queue] = bigQueue(2, (index) => (index === 0 ? { maxAttempts: 1 } : undefined));
  queue.run({ verb: "configure", changes: { deadLetterQueue: "dead" } });
  queue.receive(2, 5_000);
  const wakeAt = queue.queue.nextWakeAt;
  queue.run({ verb: "purge" });
  queue.put({ body: "plain" });
  queue.receive(1, 5_000);

  expect(wakeAt).toBe(queue.now + 5_000);
  expect(queue.queue.nextWakeAt).toBe(Number.POSITIVE_INFINITY);
});

test("a message that is promoted expires after its retention from then on, though its row was looked at before", () => {
  const [queue] = bigQueue(1, () => ({ retentionMs: 1_000 }));
  const [later = ""] = queue.put({ body: "later", delayMs: 3_600_000, rules: { retentionMs: 60_000 } });
  queue.now += 1_000;
  queue.run();
  queue.run({ verb: "promote", id: later });
  const before = queue.describe();
  queue.now += 60_000;
  queue.run();

  expect([before.expired, queue.describe().expired]).toEqual([1, 2]);
});
