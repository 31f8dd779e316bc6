// Python's `multiprocessing.Pool`: processes of one machine, fed through pipes. Nothing is stored.
import type { Contender } from "../contender.ts";
import { poolOnly } from "../support/pool-only.ts";
import { program, versionOf } from "../support/programs.ts";

export const contenders: readonly Contender[] = [
  {
    ...poolOnly(() => Promise.reject(new Error("Its program is Python's."))),
    name: "python-pool",
    title: "Python multiprocessing.Pool",
    durability: "memory only",
    isDurable: false,
    requires: { program: "python3", debianPackage: "python3" },
    version: async () => `Python ${await versionOf("python3", "--version")}`,
    player: () => [program("python3"), `${import.meta.dirname}/python-pool/player.py`],
  },
];
