// Python's own: `multiprocessing.managers.BaseManager` with two `queue.Queue`s, as every tutorial of distributed Python
// has it. Nothing is stored, and what a worker has taken is lost with it.
import type { Contender, RunningServer } from "../contender.ts";
import { Child, freePort } from "../support/child-process.ts";
import { isListening } from "../support/is-listening.ts";
import { program, versionOf } from "../support/programs.ts";

const PROGRAMS = `${import.meta.dirname}/python-manager`;

async function start(): Promise<RunningServer> {
  const port = await freePort();
  const child = new Child([program("python3"), `${PROGRAMS}/manager.py`, `${port}`]);
  await child.untilReady(() => isListening(port));
  return { address: `127.0.0.1:${port}`, pid: child.pid, stop: () => child.stop() };
}

export const contenders: readonly Contender[] = [
  {
    name: "python-manager",
    title: "Python BaseManager",
    durability: "memory only",
    isDurable: false,
    requires: { program: "python3", debianPackage: "python3" },
    // It has no batches.
    without: ["batch-puts"],
    version: async () => `Python ${await versionOf("python3", "--version")}`,
    start,
    connect: () => Promise.reject(new Error("Its clients are Python's.")),
    player: () => [program("python3"), `${PROGRAMS}/player.py`],
  },
];
