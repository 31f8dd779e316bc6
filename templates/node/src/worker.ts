import { QueueManager } from "durable-queue";
import { tasks } from "./tasks.ts";

// Address and key are in DURABLE_QUEUE_ADDRESS and DURABLE_QUEUE_AUTHKEY.
const manager = new QueueManager();
await manager.connect({ retrySeconds: 10 }); // throws if the server is away or refuses the key

const worker = manager.work(tasks, { concurrency: 10 });
console.log(`working on the queue "${tasks.queue}"; Ctrl-C ends`);

// Gives back what has not begun, and waits for jobs that run, at most 20 seconds: less than a supervisor waits before it kills.
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => worker.close({ timeoutSeconds: 20 }));
}

await worker.finished;
await manager.close();
