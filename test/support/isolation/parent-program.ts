/** A program with a worker in threads or processes. It says the ids of the processes that run its handlers. */
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { tasksOf } from "./tasks.ts";

const manager = new MemoryManager();
const registry = tasksOf("parent");
manager.work(registry, { processes: 2, shutdownSeconds: 1, onError: () => undefined });
const client = manager.tasks(registry);
const jobs = await client.hereAfter.submitMany([500, 500]);
const pids = await Promise.all(jobs.map((job) => job.result()));
await client.hang.submit();
await client.block.submit(1_000);
console.log(JSON.stringify({ pids }));
