// A worker of the demo: squares numbers, and does jobs, until its parent goes away. It may be killed at any line.
import { setTimeout as sleep } from "node:timers/promises";
import { QueueManager } from "durable-queue";
import type { Square } from "./result-queue.ts";
import { tasks as jobs } from "./tasks.ts";

const manager = new QueueManager();
const tasks = manager.queue<number>("tasks");
const results = manager.queue<Square>("results");
process.on("disconnect", () => process.exit());

tasks.work(
  async ({ id, item: n, attempt }) => {
    await sleep(5);
    // The result is stored before the task is acked: a worker that dies in between has it done twice, never not at all. Its key
    // keeps the second result from being stored beside the first.
    await results.put({ n, square: n ** 2, attempt }, { dedupeKey: id });
  },
  { concurrency: 2, leaseSeconds: 2 },
);

// The queue keeps the results of jobs: each is stored with the ack of its job.
manager.work(jobs, { concurrency: 2, leaseSeconds: 2 });
