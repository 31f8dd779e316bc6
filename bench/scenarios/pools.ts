import type { Contender } from "../contender.ts";
import { OUR_NAMES } from "../contenders.ts";
import type { Figures } from "../roles/role.ts";
import { size } from "../support/sizes.ts";
import type { Bench, Scenario } from "./scenario.ts";

const SECONDS = size("POOL_SECONDS", 3);
const ITEMS = size("POOL_ITEMS", 100_000);
const QUEENS = size("QUEENS", 12);
const PROCESSES = 2;
const WARM_UP_SECONDS = 2;

const POOLS = [...OUR_NAMES, "durable-queue-memory", "python-pool", "piscina"];
/** BullMQ's workers are a pool too, which gives out each input alone. */
const ALL = [...POOLS, "bullmq", "bullmq-everysec"];

/** Starts the pools and maps squares. */
async function runMaps({ play }: Bench): Promise<Figures> {
  const sizes = { processes: PROCESSES, items: ITEMS, seconds: SECONDS, warmUpSeconds: WARM_UP_SECONDS };
  const master = await play("pool-maps", sizes);
  return master.go();
}

/** The same count on one process and on all, each on a pool of its own. */
async function runQueens({ play }: Bench): Promise<Figures> {
  const countOn = async (processes: number) => {
    const sizes = { processes, queens: QUEENS, seconds: SECONDS, warmUpSeconds: WARM_UP_SECONDS };
    const master = await play("pool-queens", sizes);
    const { ms = Number.NaN } = await master.go();
    master.leave();
    return ms;
  };
  const oneMs = await countOn(1);
  const twoMs = await countOn(PROCESSES);
  return { oneMs, twoMs, ratio: twoMs / oneMs };
}

export const poolScenarios: readonly Scenario[] = [
  {
    name: "pool",
    title: `Pool: a map of ${ITEMS.toLocaleString("en")} trivial items over ${PROCESSES} processes, in chunks and in chunks of one`,
    shown: [
      { figure: "perSecond", title: "items/s", isRate: true },
      { figure: "onesPerSecond", title: "by one, items/s", isRate: true },
    ],
    isFor: ({ name }: Contender) => ALL.includes(name),
    run: runMaps,
  },
  {
    name: "queens",
    title: `Queens: the ways to place ${QUEENS} queens, on one process and on ${PROCESSES}`,
    shown: [
      { figure: "oneMs", title: "one, ms", isRate: false },
      { figure: "twoMs", title: `${PROCESSES}, ms`, isRate: false },
      { figure: "ratio", title: "of it", isRate: false },
    ],
    isFor: ({ name }: Contender) => POOLS.includes(name),
    run: runQueens,
  },
];
