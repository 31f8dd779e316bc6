// A worker of the job test: `worker-program.ts '{"address", "authkey"}'`. It lives until it is killed.
import { QueueManager } from "durable-queue";
import { tasks } from "./job-tasks.ts";

/** Short, so that what a killed worker had comes back while the test runs. */
const LEASE_SECONDS = 2;

process.once("disconnect", () => process.exit());
const { address, authkey } = JSON.parse(process.argv[2] ?? "{}") as { address: string; authkey: string };
const manager = new QueueManager({ address, authkey });
// Failed attempts, and leases that were lost with the server, are what the test is about.
const worker = manager.work(tasks, { concurrency: 100, leaseSeconds: LEASE_SECONDS, onError: () => undefined });
await worker.finished;
