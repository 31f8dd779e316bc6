// A worker of the bounded version. Start two or more: each prints how many tasks are left when it takes one.
import { setTimeout as sleep } from "node:timers/promises";
import { Empty, QueueManager } from "durable-queue";

const manager = new QueueManager();
const task = manager.queue<number>("bounded_task_queue");
const result = manager.queue<[task: number, seconds: number]>("bounded_result_queue");

while (!(await task.empty())) {
  console.log(await task.qsize());
  try {
    const n = await task.get({ timeoutSeconds: 1 });
    console.log(`run task ${n}`);
    const seconds = Math.floor(Math.random() * 4);
    await sleep(seconds * 1_000);
    await result.put([n, seconds]);
  } catch (error) {
    // Another worker was faster.
    if (!(error instanceof Empty)) throw error;
  }
}
