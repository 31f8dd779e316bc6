// The master of the bounded version: both queues hold ten messages, and it waits until all results are there.
import { setTimeout as sleep } from "node:timers/promises";
import { QueueManager } from "durable-queue";

const TASKS = 10;
const manager = new QueueManager();
const task = manager.queue<number>("bounded_task_queue");
const result = manager.queue<[task: number, seconds: number]>("bounded_result_queue");
// Unlike Python's, these queues may hold what an earlier run left.
await task.purge();
await result.purge();
await task.configure({ maxSize: TASKS });
await result.configure({ maxSize: TASKS });

for (let n = 0; n < TASKS; n += 1) {
  console.log(`Put task ${n}...`);
  await task.put(n);
}

while (!(await result.full())) {
  console.log(await task.qsize());
  await sleep(1_000);
}
for (let waiting = await result.qsize(); waiting > 0; waiting -= 1) {
  const [n, seconds] = await result.get();
  console.log(`task ${n} is finished, runtime: ${seconds} s`);
}
