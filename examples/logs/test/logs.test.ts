import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MemoryManager } from "durable-queue/memory";
import { afterEach, beforeEach, expect, test } from "vitest";
import { summaryOf } from "../src/parse-file.ts";
import { logFilesOf, summarize } from "../src/summarize.ts";
import { tasks } from "../src/tasks.ts";
import { BLOCK_LINES, block, makeLog } from "./make-logs.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "logs-"));
});

afterEach(() => rm(folder, { recursive: true }));

test("files of a folder are counted by processes, and what cannot be read is told at its place", async () => {
  await using manager = new MemoryManager();
  await using pool = manager.pool(tasks, "summarize", { processes: 2 });
  for (const name of ["a", "b/c", "b/d"]) await makeLog(join(folder, `${name}.log`), 1);
  await writeFile(join(folder, "notes.txt"), "This is no log.");
  await mkdir(join(folder, "folder.log"));
  const paths = (await Array.fromAsync(logFilesOf(folder))).sort();
  await rm(join(folder, "b/c.log"));

  const { summary, files, unread } = await summarize(pool, paths);

  expect(files).toBe(4);
  expect(unread).toEqual([
    { path: join(folder, "b/c.log"), error: expect.stringContaining("ENOENT") },
    { path: join(folder, "folder.log"), error: expect.stringContaining("EISDIR") },
  ]);
  expect(summary).toMatchObject({ lines: 2 * BLOCK_LINES, malformed: 0, bytesSent: 2 * BLOCK_LINES * 500 });
  expect(summary.byStatus).toEqual([
    ["200", 2_160],
    ["404", 240],
  ]);
  expect(summary.byRoute).toEqual([
    ["GET /articles/:id", 960],
    ["GET /", 480],
    ["GET /login", 480],
    ["GET /users/:id/orders", 480],
  ]);
  expect(summary.byHour).toHaveLength(24);
  expect(summary.byHour[0]).toEqual(["27/Nov/2026:00", 100]);
});

test("lines that are cut off, empty or too long are counted as such", async () => {
  const path = join(folder, "odd.log");
  const [line = ""] = block().split("\n");
  await writeFile(path, `${line}\n\n${"x".repeat(3_000_000)}\n${line}\r\n${line}`);

  const { lines, malformed, byStatus } = await summaryOf(path, AbortSignal.timeout(60_000));

  expect(byStatus).toEqual([["200", 3]]);
  expect(lines - malformed).toBe(3);
  expect(malformed).toBeGreaterThan(1);
});

test("a file of 100 MB is streamed: a process with a heap of 40 MB reads it", async () => {
  const path = join(folder, "large.log");
  const lines = await makeLog(path, 100_000_000);
  const program = `
    import { summaryOf } from ${JSON.stringify(join(import.meta.dirname, "../src/parse-file.ts"))};
    console.log((await summaryOf(${JSON.stringify(path)}, new AbortController().signal)).lines);`;

  const { stdout } = await promisify(execFile)(process.execPath, [
    "--max-old-space-size=40",
    "--input-type=module",
    "--eval",
    program,
  ]);

  expect(Number(stdout)).toBe(lines);
});
