// Piscina: worker threads of one process. Nothing is stored. A call is a message to a thread, so that a list of inputs is
// given out in chunks that the program makes: as many as Python's Pool does.
import { Piscina } from "piscina";
import type { BenchPool, Contender, PoolOptions } from "../contender.ts";
import { poolOnly } from "../support/pool-only.ts";
import { clientVersion } from "../support/programs.ts";

/** Chunks for each thread. */
const CHUNKS_EACH = 4;

async function startPool({ task, processes, by }: PoolOptions): Promise<BenchPool> {
  const filename = `${import.meta.dirname}/piscina-worker.ts`;
  const pool = new Piscina({ filename, minThreads: processes, maxThreads: processes });
  return {
    async map(inputs) {
      if (by === "item") return Promise.all(inputs.map((input) => pool.run(input, { name: task })));
      const length = Math.ceil(inputs.length / (CHUNKS_EACH * processes));
      const calls: Promise<number[]>[] = [];
      for (let from = 0; from < inputs.length; from += length) {
        calls.push(pool.run({ task, inputs: inputs.slice(from, from + length) }, { name: "all" }));
      }
      return (await Promise.all(calls)).flat();
    },
  };
}

export const contenders: readonly Contender[] = [
  {
    ...poolOnly(startPool),
    name: "piscina",
    title: "Piscina, worker threads",
    durability: "memory only",
    isDurable: false,
    version: async () => clientVersion("piscina"),
  },
];
