import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { makeScratch, removeScratch } from "../support/scratch.ts";
import { size } from "../support/sizes.ts";
import type { Scenario } from "./scenario.ts";

const SECONDS = size("SECONDS", 5);
const FSYNC_SECONDS = 2;
const PAGE_BYTES = 4_096;

/** How fast the machine is, so that figures of different machines can be related. */
export const machine: Scenario = {
  name: "machine",
  title: "Machine: GET /healthz by 32 callers of node:http, and appended pages with an fdatasync each",
  shown: [
    { figure: "requestsPerSecond", title: "requests/s", isRate: true },
    { figure: "syncsPerSecond", title: "syncs/s", isRate: true },
  ],
  isOurs: true,
  isFor: ({ name }) => name === "durable-queue",
  async run({ play }) {
    const caller = await play("bare-http", { callers: 32, seconds: SECONDS });
    const figures = await caller.go();
    return { ...figures, syncsPerSecond: syncsPerSecond() };
  },
};

function syncsPerSecond(): number {
  const directory = makeScratch();
  const file = openSync(`${directory}/pages`, "w");
  const page = Buffer.alloc(PAGE_BYTES, "x");
  const beganAt = performance.now();
  let syncs = 0;
  for (; performance.now() - beganAt < FSYNC_SECONDS * 1_000; syncs += 1) {
    writeSync(file, page);
    fdatasyncSync(file);
  }
  const seconds = (performance.now() - beganAt) / 1_000;
  closeSync(file);
  removeScratch(directory);
  return syncs / seconds;
}
