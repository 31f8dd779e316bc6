/**
 * Counts the solutions for boards of 8 to 13, with one process and with several, and prints the times. Queues are in memory
 * of this process; with `--elsewhere` they are on the server of DURABLE_QUEUE_ADDRESS, whose workers do the work.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { QueueManager } from "durable-queue";
import { MemoryManager } from "durable-queue/memory";
import { solve } from "./solve.ts";
import { tasks } from "./tasks.ts";

const { values } = parseArgs({
  options: {
    processes: { type: "string", default: `${availableParallelism()}` },
    largest: { type: "string", default: "13" },
    elsewhere: { type: "boolean", default: false },
  },
});
const largest = Number(values.largest);
const sizes = Array.from({ length: largest - 7 }, (_, index) => 8 + index);

/** The counts and times of all sizes, in seconds. */
async function measure(processes: number): Promise<{ counts: number[]; seconds: number[] }> {
  await using manager = values.elsewhere ? new QueueManager() : new MemoryManager();
  await using pool = manager.pool(tasks, "count", { processes });
  // Until the first result is there, processes start.
  await solve(pool, 8);
  const [counts, seconds]: [number[], number[]] = [[], []];
  for (const size of sizes) {
    const beganAt = performance.now();
    counts.push(await solve(pool, size));
    seconds.push((performance.now() - beganAt) / 1_000);
  }
  return { counts, seconds };
}

if (values.elsewhere) {
  const { counts, seconds } = await measure(0);
  console.table(sizes.map((size, index) => ({ size, solutions: counts[index], seconds: seconds[index]?.toFixed(2) })));
} else {
  const processes = Number(values.processes);
  const one = await measure(1);
  const several = await measure(processes);
  const rows = sizes.map((size, index) => ({
    size,
    solutions: several.counts[index],
    "1 process": one.seconds[index]?.toFixed(2),
    [`${processes} processes`]: several.seconds[index]?.toFixed(2),
    ratio: ((several.seconds[index] ?? 0) / (one.seconds[index] ?? 1)).toFixed(2),
  }));
  console.table(rows);
}
