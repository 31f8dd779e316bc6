/** A program with a worker in threads or processes. It says the ids of the processes that run its handlers. */
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { tasksOf } from "./tasks.ts";

const manager = new MemoryManager();
const registry = tasksOf("parent");
manager.work(registry, { processes: 2, shutdownSeconds: 1, onError: () => undefined });
const client = manager.tasks(registry);
const pids = new Set<number>();
// One of them may begin later than the other one has worked.
while (pids.size < 2) {
  const jobs = await client.hereAfter.submitMany([100, 100]);
  for (const job of jobs) pids.add(await job.result());
}
await client.hang.submit();
await client.block.submit(1_000);
console.log(JSON.stringify({ pids: [...pids] }));
