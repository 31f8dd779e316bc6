// Python's `multiprocessing.Pool`: processes of one machine, fed through pipes. Nothing is stored.
import type { Contender } from "../contender.ts";
import { program, versionOf } from "../support/programs.ts";
import { withoutServer } from "../support/without-server.ts";

export const contenders: readonly Contender[] = [
  {
    name: "python-pool",
    title: "Python multiprocessing.Pool",
    durability: "memory only",
    isDurable: false,
    requires: { program: "python3", debianPackage: "python3" },
    only: ["pool", "queens"],
    version: async () => `Python ${await versionOf("python3", "--version")}`,
    start: withoutServer,
    connect: () => Promise.reject(new Error("Its program is Python's.")),
    player: () => [program("python3"), `${import.meta.dirname}/python-pool/player.py`],
  },
];
