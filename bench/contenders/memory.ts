// Ours without a server: queues in the memory of the process that has the pool.
import { MemoryManager } from "durable-queue/memory";
import type { Contender } from "../contender.ts";
import { poolOnly } from "../support/pool-only.ts";
import { startPool } from "./our-pool.ts";
import { TUNED, version } from "./tuned.ts";

export const contenders: readonly Contender[] = [
  {
    ...poolOnly((options) => startPool(new MemoryManager(), options, TUNED)),
    name: "durable-queue-memory",
    title: "durable-queue, in memory",
    durability: "memory only",
    isDurable: false,
    version,
  },
];
