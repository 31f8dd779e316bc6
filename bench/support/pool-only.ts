import type { BenchPool, Contender, PoolOptions } from "../contender.ts";

const noQueue = () => Promise.reject(new Error("It is a pool, and no queue."));

/** A contender that is a pool of its own program: there is no server to start, and nothing else to do. */
export function poolOnly(
  startPool: (options: PoolOptions) => Promise<BenchPool>,
): Pick<Contender, "only" | "start" | "connect"> {
  return {
    only: ["pool", "queens"],
    start: async () => ({ address: "none", pid: process.pid, stop: () => Promise.resolve() }),
    connect: async () => ({ put: noQueue, putAll: noQueue, consume: noQueue, pool: startPool }),
  };
}
