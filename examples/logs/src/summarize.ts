import { glob } from "node:fs/promises";
import { resolve } from "node:path";
import { JobFailed, type Pool } from "durable-queue";
import { Counter, type Summary } from "./summary.ts";

/** A file that could not be read, and why. */
export interface Unread {
  path: string;
  error: string;
}

/** What all files together say, and which are missing in it. */
export interface Result {
  summary: Summary;
  files: number;
  unread: Unread[];
}

/** The log files of a folder and those in it: `*.log`. Paths are absolute, for workers that run in other folders. */
export async function* logFilesOf(folder: string): AsyncGenerator<string> {
  for await (const name of glob("**/*.log", { cwd: folder })) yield resolve(folder, name);
}

/**
 * Has log files summarized, and adds up what they say. A file that cannot be read is told in the result; the others are
 * counted.
 *
 * @param read called after each file
 */
export async function summarize(
  pool: Pool<string, Summary>,
  paths: Iterable<string> | AsyncIterable<string>,
  read: (path: string) => void = () => undefined,
): Promise<Result> {
  const counter = new Counter();
  const unread: Unread[] = [];
  const submitted: string[] = [];
  const summaries = pool.imap(noted(paths, submitted));
  let files = 0;
  // Results come in the order of the paths, and an error is thrown where its file's result would be.
  for (;;) {
    try {
      const next = await summaries.next();
      if (next.done) break;
      counter.addSummary(next.value);
    } catch (error) {
      if (!(error instanceof JobFailed)) throw error;
      unread.push({ path: submitted[files] ?? "", error: error.remoteMessage ?? error.message });
    }
    read(submitted[files] ?? "");
    files += 1;
  }
  return { summary: counter.summary(), files, unread };
}

/** Keeps what goes by. */
async function* noted(paths: Iterable<string> | AsyncIterable<string>, kept: string[]): AsyncGenerator<string> {
  for await (const path of paths) {
    kept.push(path);
    yield path;
  }
}
