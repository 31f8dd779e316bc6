/**
 * Summarizes the log files of a folder by processes of this machine. Queues are in memory of this process; with `--elsewhere`
 * they are on the server of DURABLE_QUEUE_ADDRESS, whose workers read the files.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { QueueManager } from "durable-queue";
import { MemoryManager } from "durable-queue/memory";
import { logFilesOf, summarize } from "./summarize.ts";
import type { Counts } from "./summary.ts";
import { tasks } from "./tasks.ts";

const SHOWN = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: "string", default: `${availableParallelism()}` },
    elsewhere: { type: "boolean", default: false },
  },
});
const [folder] = positionals;
if (folder === undefined) {
  console.error("Give the folder of the log files: npm start -- logs");
  process.exit(2);
}

function show(title: string, counts: Counts): void {
  console.log(`\n${title}`);
  for (const [name, count] of counts.slice(0, SHOWN)) console.log(`${count}`.padStart(12), name);
}

await using manager = values.elsewhere ? new QueueManager() : new MemoryManager();
await using pool = manager.pool(tasks, "summarize", { processes: values.elsewhere ? 0 : Number(values.processes) });
const beganAt = performance.now();
const { summary, files, unread } = await summarize(pool, logFilesOf(folder), (path) => console.log("read", path));

const seconds = (performance.now() - beganAt) / 1_000;
const megabytes = summary.bytes / 1e6;
console.log(`${files} files, ${megabytes.toFixed(1)} MB, ${summary.lines} lines in ${seconds.toFixed(1)} s`);
console.log(
  `${summary.malformed} lines are none of an access log, ${(summary.bytesSent / 1e6).toFixed(1)} MB were sent`,
);
show("by status", summary.byStatus);
show("by route", summary.byRoute);
show("by hour", summary.byHour);
for (const { path, error } of unread) console.log("\nnot read:", path, error);
process.exitCode = unread.length === 0 ? 0 : 1;
