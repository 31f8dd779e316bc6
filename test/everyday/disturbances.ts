import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../support/random.ts";
import type { ChaosProxy } from "./chaos-proxy.ts";

/** A process that can be disturbed. */
export interface Disturbed {
  signal(signal: NodeJS.Signals): void;
}

/** What is there to be disturbed. */
interface World {
  workers: readonly Disturbed[];
  producers: readonly Disturbed[];
  proxy: ChaosProxy;
  /** Kills the server and starts it again after so long. */
  restartServer(awayMs: number): Promise<void>;
}

type Disturbance = (world: World, random: Random) => Promise<void>;

/** The ordinary mishaps, by name. Each is over when its promise is fulfilled. */
export const DISTURBANCES: Record<string, Disturbance> = {
  "worker killed": async ({ workers }, random) => random.pick(workers).signal("SIGKILL"),
  "worker closed": async ({ workers }, random) => random.pick(workers).signal("SIGTERM"),
  "worker frozen": ({ workers }, random) => freeze(random.pick(workers), 300 + random.integer(6_000)),
  "all workers frozen": async ({ workers }, random) => {
    await Promise.all(workers.map((worker) => freeze(worker, 2_500 + random.integer(2_000))));
  },
  "producer frozen": ({ producers }, random) => freeze(random.pick(producers), 300 + random.integer(4_000)),
  "server restarted": ({ restartServer }, random) => restartServer(random.integer(300)),
  "server away": ({ restartServer }, random) => restartServer(1_000 + random.integer(6_000)),
  "network cut": async ({ proxy }) => proxy.cut(),
  "network refuses": async ({ proxy }, random) => {
    await proxy.refuse();
    await sleep(500 + random.integer(4_000));
    await proxy.accept();
  },
  "network silent": async ({ proxy }, random) => {
    proxy.isSilent = true;
    await sleep(500 + random.integer(12_000));
    proxy.isSilent = false;
  },
  "network slow": async ({ proxy }, random) => {
    proxy.delayMs = 20 + random.integer(250);
    await sleep(1_000 + random.integer(5_000));
    proxy.delayMs = 0;
  },
};

async function freeze(process: Disturbed, ms: number): Promise<void> {
  process.signal("SIGSTOP");
  await sleep(ms);
  process.signal("SIGCONT");
}
