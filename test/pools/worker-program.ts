// A worker of the pool test: `worker-program.ts '{"address", "authkey", "processes"}'`. It lives until it is killed.
import { QueueManager } from "durable-queue";
import { tasks } from "./pool-tasks.ts";
import { LEASE_SECONDS, type WorkerSettings } from "./settings.ts";

process.once("disconnect", () => process.exit());
const { address, authkey, processes } = JSON.parse(process.argv[2] ?? "{}") as WorkerSettings;
const manager = new QueueManager({ address, authkey });
await manager.work(tasks, { processes, leaseSeconds: LEASE_SECONDS, onError: () => undefined }).finished;
