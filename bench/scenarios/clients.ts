import type { Figures, Sizes } from "../roles/role.ts";
import { size } from "../support/sizes.ts";
import type { Bench, Scenario } from "./scenario.ts";

const SECONDS = size("SECONDS", 5);
const BATCH_SECONDS = size("BATCH_SECONDS", 2);
const LATENCY_MESSAGES = size("LATENCY_MESSAGES", 2_000);

/** A scenario of one process beside the server. */
function alone(role: string, sizes: Sizes): (bench: Bench) => Promise<Figures> {
  return async ({ play }) => (await play(role, sizes)).go();
}

function singlePuts(callers: number) {
  return alone("single-puts", { callers, seconds: SECONDS, warmUpSeconds: 2 });
}

const putsPerSecond = { figure: "perSecond", title: "puts/s", isRate: true };

export const clientScenarios: readonly Scenario[] = [
  {
    name: "single-puts",
    title: "Single puts: 32 callers of one process, each awaiting its own",
    shown: [putsPerSecond],
    run: singlePuts(32),
  },
  {
    name: "lone-puts",
    title: "Lone puts: one caller, so that no two puts share a commit",
    shown: [putsPerSecond],
    run: singlePuts(1),
  },
  {
    name: "batch-puts",
    title: "Batches: of 100 messages, 8 under way, then all of them drained by one process",
    shown: [
      { figure: "putsPerSecond", title: "puts/s", isRate: true },
      { figure: "receivesPerSecond", title: "received/s", isRate: true },
    ],
    run: alone("batch-puts", { seconds: BATCH_SECONDS, warmUpSeconds: 1.5 }),
  },
  {
    name: "latency",
    title: "Latency: from the call of put until the handler starts, a message every 5 ms",
    shown: [
      { figure: "p50Ms", title: "p50 ms", isRate: false },
      { figure: "p99Ms", title: "p99 ms", isRate: false },
    ],
    run: alone("latency", { messages: LATENCY_MESSAGES, gapMs: 5, warmUp: 3_000, warmUpGapMs: 1 }),
  },
];
