import { setTimeout as sleep } from "node:timers/promises";
import { cpuSecondsOf, residentMiBOf } from "../support/process-usage.ts";
import { size } from "../support/sizes.ts";
import type { Scenario } from "./scenario.ts";

const WAITERS = size("WAITERS", 2_000);
const CONNECTIONS = 20;
const IDLE_SECONDS = 10;
/** What a server may do after so many have come. */
const SETTLE_MS = 2_000;

/** What workers cost that wait for work. */
export const idleWaiters: Scenario = {
  name: "idle-waiters",
  title: `Idle: ${WAITERS.toLocaleString("en")} waiting receives on ${CONNECTIONS} connections, for ${IDLE_SECONDS} s`,
  shown: [
    { figure: "residentMiB", title: "server MiB", isRate: false },
    { figure: "cpuSeconds", title: "CPU s", isRate: false },
  ],
  isOurs: true,
  async run({ server, play }) {
    const emptyMiB = residentMiBOf(server.pid);
    await play("idle-waiters", { waiters: WAITERS, connections: CONNECTIONS });
    await sleep(SETTLE_MS);
    const before = cpuSecondsOf(server.pid);
    await sleep(IDLE_SECONDS * 1_000);
    const cpuSeconds = cpuSecondsOf(server.pid) - before;
    return { emptyMiB, residentMiB: residentMiBOf(server.pid), cpuSeconds };
  },
};
