import { expect, test } from "vitest";
import type { Command, Result } from "../../src/queue/base/commands.ts";
import { DEFAULT_MEMORY } from "../../src/queue/parts.ts";
import { Queue } from "../../src/queue/queue.ts";
import { MemoryRows } from "../support/core/memory-rows.ts";

const NOW = 1_700_000_000_000;

/** Counts the reads of states and payloads that were not kept in memory. */
class CountedRows extends MemoryRows {
  reads = 0;

  override state(slot: number) {
    this.reads += 1;
    return super.state(slot);
  }

  override payloads(slot: number) {
    this.reads += 1;
    return super.payloads(slot);
  }
}

function perform(queue: Queue, rows: MemoryRows, command: Command): Result | undefined {
  queue.advance(NOW);
  queue.apply(1, command, NOW);
  const commit = queue.takeCommit();
  if (commit !== undefined) rows.write(commit);
  return queue.takeResults()[0]?.result;
}

test("states and payloads that were only read are dropped from memory, although nothing was written", () => {
  const rows = new CountedRows();
  const queue = new Queue("i", rows, { ...DEFAULT_MEMORY, segments: 0, characters: 0 });
  const message = { content: '"body":1', priority: 100, delayMs: 60_000 };
  perform(queue, rows, { verb: "put", messages: Array(300).fill(message), timeoutMs: 0 });
  const list = { verb: "messages", cursor: "", limit: 1_000 } as const;

  const [first, second] = [1, 2].map(() => {
    rows.reads = 0;
    const result = perform(queue, rows, list);
    expect(result?.verb === "messages" && result.views.length).toBe(300);
    return rows.reads;
  });

  // The state and the payloads of two segments.
  expect([first, second]).toEqual([4, 4]);
});
