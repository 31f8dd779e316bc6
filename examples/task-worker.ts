// A worker: takes ten tasks from task_queue and puts their results into result_queue. Run as many as you like.
import { setTimeout as sleep } from "node:timers/promises";
import { Empty, QueueManager } from "durable-queue";

const manager = new QueueManager();
console.log(`Connect to server ${manager.address}...`);
await manager.connect();
const task = manager.queue<number>("task_queue");
const result = manager.queue<string>("result_queue");

for (let i = 0; i < 10; i += 1) {
  try {
    const n = await task.get({ timeoutSeconds: 1 });
    console.log(`run task ${n} * ${n}...`);
    await sleep(1_000);
    await result.put(`${n} * ${n} = ${n * n}`);
  } catch (error) {
    if (!(error instanceof Empty)) throw error;
    console.log("task queue is empty.");
  }
}
console.log("worker exit.");
