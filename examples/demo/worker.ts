// A worker of the demo: squares numbers until its parent goes away. It may be killed at any line.
import { setTimeout as sleep } from "node:timers/promises";
import { QueueManager } from "durable-queue";
import type { Result } from "./demo.ts";

const manager = new QueueManager();
const tasks = manager.queue<number>("tasks");
const results = manager.queue<Result>("results");
process.on("disconnect", () => process.exit());

for (;;) {
  for (const task of await tasks.receive({ max: 4, leaseSeconds: 2 })) {
    await sleep(5);
    // First the result, then the ack: who dies in between has the task done twice, never not at all.
    await results.put({ n: task.item, square: task.item ** 2, attempt: task.attempt });
    await task.ack();
  }
}
