/** What one commit batch hands out, and what waiting puts hold, is bounded in bytes. */
import { expect, test } from "vitest";
import { BATCH_BYTES_MAX } from "../../src/contract/limits.ts";
import type { Command, PutCommand, Result } from "../../src/queue/base/commands.ts";
import { TestQueue } from "../support/core/test-queue.ts";

const MEBIBYTE = 1024 * 1024;
const FOREVER = Number.POSITIVE_INFINITY;

function receiveCommand(max: number): Command {
  return { verb: "receive", max, leaseMs: 60_000, timeoutMs: FOREVER, autoAck: false };
}

/** One commit batch with these commands, by request id, or as many of them as fit. Answers what it gave out. */
function runBatch(queue: TestQueue, commands: [requestId: number, command: Command][]) {
  queue.queue.advance(queue.now);
  let applied = 0;
  for (const [requestId, command] of commands) {
    if (queue.queue.areResultsFull) break;
    queue.queue.apply(requestId, command, queue.now);
    applied += 1;
  }
  const commit = queue.queue.takeCommit();
  if (commit !== undefined) queue.rows.write(commit);
  const answers = queue.queue.takeResults();
  const bytes = answers.reduce((sum, { result }) => sum + bytesOf(result), 0);
  return { applied, answers, bytes };
}

function bytesOf(result: Result): number {
  const payloads =
    result.verb === "receive" || result.verb === "push"
      ? result.deliveries
      : result.verb === "messages"
        ? result.views
        : [];
  return payloads.reduce((sum, { payload }) => sum + new TextEncoder().encode(payload).length, 0);
}

test("receivers that wait are handed about a batch in one commit batch, and the rest in the next ones", () => {
  const queue = new TestQueue();
  const waiting = Array.from({ length: 24 }, (_, requestId): [number, Command] => [
    requestId + 1,
    receiveCommand(1_000),
  ]);
  runBatch(queue, waiting);
  for (let puts = 0; puts < 3; puts += 1) {
    const body = "x".repeat(MEBIBYTE - 200);
    queue.queue.apply(100, put(Array(8).fill(body)), queue.now);
  }

  const batches = [runBatch(queue, [])];
  while (queue.queue.isBehind) batches.push(runBatch(queue, []));

  expect(batches.length).toBeGreaterThan(1);
  for (const { bytes } of batches) expect(bytes).toBeLessThan(BATCH_BYTES_MAX + MEBIBYTE);
  const received = batches.flatMap(({ answers }) => answers).filter(({ result }) => result.verb === "receive");
  expect(new Set(received.map(({ requestId }) => requestId)).size).toBe(received.length);
  expect(received.flatMap(({ result }) => (result.verb === "receive" ? result.deliveries : [])).length).toBe(24);
});

test("a page of a list is bounded in bytes, and has at least one message", () => {
  const queue = new TestQueue();
  queue.put(...Array.from({ length: 8 }, () => ({ body: "x".repeat(MEBIBYTE - 200) })));
  queue.put(...Array.from({ length: 100 }, () => ({ body: "€".repeat(10_000) })));

  const pages = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { answers, bytes } = runBatch(queue, [[1, { verb: "messages", cursor, limit: 1_000 }]]);
    const [answer] = answers;
    if (answer?.result.verb !== "messages") throw new Error("The list is not answered with one.");
    pages.push({ messages: answer.result.views.length, bytes });
    cursor = answer.result.cursor;
  }

  expect(pages.reduce((sum, { messages }) => sum + messages, 0)).toBe(108);
  for (const { messages, bytes } of pages) {
    expect(messages).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(2 * MEBIBYTE);
  }
});

test("what is handed out counts in bytes and not in characters", () => {
  const queue = new TestQueue();
  const body = "€".repeat(MEBIBYTE / 3 - 100);
  for (let puts = 0; puts < 3; puts += 1) queue.put(...Array.from({ length: 8 }, () => ({ body })));

  const { answers, bytes } = runBatch(queue, [[1, receiveCommand(1_000)]]);

  expect(bytes).toBeLessThan(BATCH_BYTES_MAX + MEBIBYTE);
  expect(answers[0]?.result.verb === "receive" && answers[0].result.deliveries.length).toBe(8 + 1);
});

test("puts that wait for room are refused as overloaded when they fill the memory for them; one alone always waits", () => {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { maxSize: 8 } });
  queue.put(...Array.from({ length: 8 }, (_, body) => ({ body })));
  const eight = Array<string>(8).fill("x".repeat(MEBIBYTE - 1_000));
  const waiting = (requestId: number, bodies: string[]): [number, Command] => [
    requestId,
    { ...put(bodies), timeoutMs: FOREVER },
  ];

  const { answers } = runBatch(queue, [waiting(1, eight), waiting(2, eight), waiting(3, ["small"])]);

  expect(answers).toMatchObject([{ requestId: 2, result: { verb: "refused", code: "overloaded" } }]);
  queue.queue.leave(new Set([1]), undefined);
  expect(runBatch(queue, [waiting(4, eight)]).answers).toEqual([]);
});

test("while nothing may be handed out, receivers go on waiting and are served after it", () => {
  const queue = new TestQueue();
  runBatch(queue, [[1, receiveCommand(1)]]);
  queue.queue.mayHandOut = false;

  expect(runBatch(queue, [[2, put(["a"])]]).answers).toMatchObject([{ requestId: 2 }]);
  expect(queue.queue.isBehind).toBe(false);
  queue.queue.mayHandOut = true;

  expect(runBatch(queue, []).answers).toMatchObject([{ requestId: 1, result: { verb: "receive" } }]);
});

test("a verb of another version is refused, not forgotten", () => {
  const queue = new TestQueue();
  queue.put({ body: 1 });

  expect(queue.run({ verb: "touch" } as unknown as Command)).toMatchObject({
    verb: "refused",
    code: "invalid",
    path: "verb",
  });
});

function put(bodies: string[]): PutCommand {
  const messages = bodies.map((body) => ({ content: `"body":${JSON.stringify(body)}`, priority: 100, delayMs: 0 }));
  return { verb: "put", messages, timeoutMs: 0 };
}
