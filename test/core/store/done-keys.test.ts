import { expect, test } from "vitest";
import type { Command } from "../../../src/queue/base/commands.ts";
import { Queue } from "../../../src/queue/queue.ts";
import { MemoryRows } from "../../support/core/memory-rows.ts";

test("each report of a burst of reports is known after a restart, whatever was reported before", () => {
  const rows = new MemoryRows();
  const queue = new Queue("i", rows);
  const now = 1_700_000_000_000;
  const messages = Array.from({ length: 1_000 }, () => ({ content: '"body":1', priority: 100, delayMs: 0 }));
  const done = (key: number): Command => ({ verb: "done", count: 1, idempotencyKey: `key-${key}` });
  const commitOf = (commands: Command[]): void => {
    queue.advance(now);
    for (const [requestId, command] of commands.entries()) queue.apply(requestId, command, now);
    const commit = queue.takeCommit();
    if (commit !== undefined) rows.write(commit);
    queue.takeResults();
  };

  commitOf([{ verb: "put", messages, timeoutMs: 0 }]);
  for (let key = 0; key < 255; key += 1) commitOf([done(key)]);
  commitOf([done(255), done(256), done(257)]);
  const stored = rows.load();
  const { generation, configuration } = queue;
  const restarted = new Queue(stored ? { generation, configuration, stored } : generation, rows);
  restarted.advance(now);
  for (let key = 0; key <= 257; key += 1) restarted.apply(key, done(key), now);

  const unfinished = restarted.takeResults().map(({ result }) => result.verb === "done" && result.unfinished);
  expect(unfinished).toEqual(Array(258).fill(742));
});
