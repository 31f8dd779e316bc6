import type { QueueManager, TaskWorkOptions } from "durable-queue";
import type { MemoryManager } from "durable-queue/memory";
import type { BenchPool, PoolOptions } from "../contender.ts";
import { poolTasks } from "./pool-registry.ts";

/**
 * A pool of ours.
 *
 * @param work options of its workers, for inputs that are given out each alone
 */
export async function startPool(
  manager: QueueManager | MemoryManager,
  { task, processes, by }: PoolOptions,
  work: Pick<TaskWorkOptions, "concurrency" | "prefetch" | "leaseSeconds">,
): Promise<BenchPool> {
  const [options, map] = by === "item" ? [work, { chunkSize: 1 }] : [{}, {}];
  const pool = manager.pool(poolTasks, task, { processes, ...options });
  return { map: (inputs) => pool.map(inputs, map) };
}
