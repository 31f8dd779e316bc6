// The master of the pool test: `master-program.ts '{"address", "authkey", "file", "items", "processes", "chunkSize"}'`. It
// maps the numbers below `items` over a pool of its own, and writes the results into the file. It may be killed at any time:
// the next one makes the same call, under the same key.
import { writeFileSync } from "node:fs";
import { QueueManager } from "durable-queue";
import { tasks } from "./pool-tasks.ts";
import { LEASE_SECONDS, type MasterSettings } from "./settings.ts";

process.once("disconnect", () => process.exit());
const settings = JSON.parse(process.argv[2] ?? "{}") as MasterSettings;
const { address, authkey, processes, chunkSize } = settings;
const manager = new QueueManager({ address, authkey });
// Attempts that were lost with a process or with the server are what the test is about.
const pool = manager.pool(tasks, "answer", { processes, leaseSeconds: LEASE_SECONDS, onError: () => undefined });
const inputs = Array.from({ length: settings.items }, (_, n) => n);
const results = await pool.map(inputs, { chunkSize, idempotencyKey: "the-map" });
writeFileSync(settings.file, JSON.stringify(results));
pool.close();
await pool.join();
await manager.close();
process.disconnect?.();
