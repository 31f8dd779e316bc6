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
