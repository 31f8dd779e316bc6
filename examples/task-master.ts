// The master: puts ten tasks into task_queue and prints what comes back in result_queue.
import { QueueManager } from "durable-queue";

const manager = new QueueManager();
const task = manager.queue<number>("task_queue");
const result = manager.queue<string>("result_queue");

// Unlike Python's, these queues may hold what an earlier run left.
await task.purge();
await result.purge();

for (let i = 0; i < 10; i += 1) {
  const n = Math.floor(Math.random() * 10_001);
  console.log(`Put task ${n}...`);
  await task.put(n);
}

console.log("Try get results...");
for (let i = 0; i < 10; i += 1) {
  const r = await result.get({ timeoutSeconds: 10 });
  console.log(`Result: ${r}`);
}
console.log("master exit.");
