// A process of workers: `bullmq-processor.ts queue port task concurrency`. Says "ready" when it listens, and ends with its parent.
import { Worker } from "bullmq";
import type { PoolTask } from "../contender.ts";
import { POOL_WORK } from "../roles/pool-work.ts";

process.once("disconnect", () => process.exit());
const [, , queue = "", port = "", task = "", concurrency = ""] = process.argv;
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
const run = POOL_WORK[task as PoolTask];
const worker = new Worker<number, number>(queue, async ({ data }) => run(data), {
  connection,
  concurrency: Number(concurrency),
});
await worker.waitUntilReady();
process.send?.("ready");
