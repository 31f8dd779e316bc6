/** Pools whose handlers run in child processes and threads, on queues in memory. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { JobFailed } from "../../../worker-client/src/index.ts";
import { breakable } from "../../support/pools/breakable.ts";
import { inMemory } from "../../support/pools/pools.ts";

const folder = mkdtempSync(join(tmpdir(), "durable-queue-pools-"));

afterAll(() => rmSync(folder, { recursive: true }));

test.each(["processes", "threads"] as const)("map gives results in order from %s", async (isolation) => {
  await using pool = inMemory().pool(breakable, "square", { isolation, processes: 2 });
  const inputs = Array.from({ length: 1_000 }, (_, n) => n);

  expect(await pool.map(inputs)).toEqual(inputs.map((n) => n * n));
  expect(await pool.map(inputs.slice(0, 20), { chunkSize: 1 })).toEqual(inputs.slice(0, 20).map((n) => n * n));
});

test("a process that dies does not lose its chunk", async () => {
  const reported: unknown[] = [];
  const onError = (error: unknown) => reported.push(error);
  await using pool = inMemory().pool(breakable, "killOnce", { processes: 2, onError });
  const inputs = Array.from({ length: 20 }, (_, n): [number, string] => [n, join(folder, "killed")]);

  expect(await pool.map(inputs, { chunkSize: 5 })).toEqual(inputs.map(([n]) => n));
  expect(reported).toContainEqual(expect.objectContaining({ code: "process_died" }));
});

test("a chunk without attempts left is an error at each of its inputs", async () => {
  await using pool = inMemory().pool(breakable, "exit", { processes: 1, onError: () => undefined });
  const iterator = pool.imap([1, 2, 3, 7, 8, 9], { chunkSize: 2 });

  const outcomes: unknown[] = [];
  for (let n = 0; n < 6; n += 1) outcomes.push(await iterator.next().catch((error: unknown) => error));

  expect(outcomes.map((outcome) => (outcome instanceof JobFailed ? outcome.reason : "result"))).toEqual([
    ...["result", "result", "max_attempts", "max_attempts", "result", "result"],
  ]);
});

test("processes are replaced after so many chunks", async () => {
  await using pool = inMemory().pool(breakable, "pid", { processes: 1, maxTasksPerProcess: 2 });

  const pids = await pool.map([1, 2, 3, 4, 5, 6], { chunkSize: 1 });

  expect(new Set(pids).size).toBe(3);
});

test.each(["event-loop", "threads"] as const)(
  "the time of a handler counts for each input of a chunk: %s",
  async (isolation) => {
    const options = { isolation, timeoutSeconds: 0.02, onError: () => undefined };
    await using pool = inMemory().pool(breakable, "wait", options);

    await expect(pool.map([1, 2, 3, 4, 5], { chunkSize: 5 })).rejects.toThrow("took longer than timeoutSeconds: 0.1.");
  },
);
