// `npm run memory-test`: the heaviest traffic that the limits allow, from many connections of which a third never
// reads, while the resident memory of the server is watched and a calm client goes on. `-- --crowd`: a crowd of
// connections without the authkey comes, up to the limit of descriptors, and leaves. What is sent comes from a printed
// seed; what is answered when depends on the machine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWorker } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { Random } from "../support/random.ts";
import { CalmClient } from "./calm-client.ts";
import { crowdLeaves } from "./crowd-leaves.ts";
import type { Counts } from "./heavy-connection.ts";
import { HeavyTraffic } from "./heavy-traffic.ts";
import { ResidentMemory } from "./resident.ts";
import { percentiles, Tally } from "./tally.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const SECONDS = Number(process.env.SECONDS ?? 60);
const CONNECTIONS = Number(process.env.CONNECTIONS ?? 50);
const QUEUES = Number(process.env.QUEUES ?? 10);
/** How long an answer may take: much of what is asked for takes long, in one thread for all queues. */
const DEADLINE_SECONDS = Number(process.env.DEADLINE_SECONDS ?? 120);
/** Frames of 1,000 lists, 8 GB of answers each, from connections that read. */
const MANY_LISTS = Number(process.env.MANY_LISTS ?? 2);
/** The only frames that are sent, by their names in heavy-frames.ts; none for all. */
const FRAMES = (process.env.FRAMES ?? "").split(",").filter((name) => name !== "");
/** With more the server is ended, which is a fault. */
const PEAK_MIB_MAX = Number(process.env.PEAK_MIB_MAX ?? 2_000);
/** What the server has when it has been left alone for a while. */
const REST_MIB_MAX = Number(process.env.REST_MIB_MAX ?? 1_000);
const REST_SECONDS = 60;
const POLL_MS = 500;
const SLOWEST_SHOWN = 6;
const AUTHKEY = "memory-test";

async function main(): Promise<number> {
  console.log(`SEED=${SEED} SECONDS=${SECONDS} CONNECTIONS=${CONNECTIONS} QUEUES=${QUEUES} MANY_LISTS=${MANY_LISTS}`);
  await buildWorker();
  const directory = new DataDirectory(mkdtempSync(`${tmpdir()}/durable-queue-memory-`));
  const server = await Server.start({ host: "127.0.0.1", port: 0, authkey: AUTHKEY, directory });
  try {
    return await measure(server);
  } finally {
    await server.kill();
    rmSync(directory.path, { recursive: true });
  }
}

async function measure(server: Server): Promise<number> {
  const tallies = { operations: new Tally(), answers: new Tally(), closed: new Tally(), faults: new Tally() };
  const counts: Counts = { ...tallies, slowestMs: new Map() };
  const deadlineMs = DEADLINE_SECONDS * 1_000;
  const options = { address: server.address, authkey: AUTHKEY, random: new Random(SEED), counts, deadlineMs };
  const load = { seconds: SECONDS, connections: CONNECTIONS, queues: QUEUES, manyLists: MANY_LISTS, frames: FRAMES };
  const traffic = new HeavyTraffic({ ...options, ...load });
  const calm = new CalmClient(server, AUTHKEY, deadlineMs);
  const faults = new Set<string>();
  const memory = new ResidentMemory(server.pid, PEAK_MIB_MAX, () => {
    faults.add(`The server had more than ${PEAK_MIB_MAX} MiB and was ended by this test.`);
    void server.kill();
  });
  const startedAt = performance.now();
  let isFinished = false;
  const death = server.ended.then((how) => {
    if (!isFinished) faults.add(`The server ended (${how}) after ${seconds(startedAt)}.`);
    traffic.end();
  });

  await traffic.prepare();
  const filledMib = memory.nowMib;
  const calmRun = calm.run();
  await Promise.race([traffic.run(), death]);
  calm.isStopped = true;
  await Promise.race([calmRun, death]);
  const trafficTook = seconds(startedAt);
  const { restMib, restTook } = await rest(memory);
  isFinished = true;
  memory.stop();

  console.log(`\ntraffic          ${trafficTook}; SEED=${SEED}`);
  console.log(
    `resident memory  ${mib(filledMib)} before, peak ${mib(memory.peakMib)}, ${mib(restMib)} ${restTook} after`,
  );
  console.log(`operations       ${counts.operations}`);
  console.log(`answers          ${counts.answers}`);
  console.log(`slowest answers  ${slowest(counts.slowestMs)}`);
  console.log(`ended by code    ${counts.closed}`);
  console.log(`calm client      ${calm.answers}; ${percentiles(calm.latenciesMs)}`);
  // What the end of the server has brought about says nothing more.
  if (faults.size === 0) {
    if (restMib === undefined || restMib > REST_MIB_MAX) {
      faults.add(`Resident memory is ${mib(restMib)} after ${REST_SECONDS} s of rest, more than ${REST_MIB_MAX} MiB.`);
    }
    for (const fault of calm.faults) faults.add(fault);
    if (`${counts.faults}` !== "none") faults.add(`Of the heavy traffic: ${counts.faults}.`);
  }
  for (const fault of faults) console.log(`FAULT            ${fault}`);
  if (faults.size === 0) console.log("Everything was answered, and memory came back.");
  return faults.size === 0 ? 0 : 1;
}

/** Waits until the server has given its memory back, for as long as it may take. */
async function rest(memory: ResidentMemory): Promise<{ restMib: number | undefined; restTook: string }> {
  const endedAt = performance.now();
  for (;;) {
    const restMib = memory.nowMib;
    const isOver = performance.now() - endedAt > REST_SECONDS * 1_000;
    if (isOver || restMib === undefined || restMib < REST_MIB_MAX) return { restMib, restTook: seconds(endedAt) };
    await sleep(POLL_MS);
  }
}

/** The verbs whose answers took longest, for people. */
function slowest(byVerb: ReadonlyMap<string, number>): string {
  const entries = [...byVerb].sort(([, a], [, b]) => b - a).slice(0, SLOWEST_SHOWN);
  return entries.map(([verb, ms]) => `${verb} ${(ms / 1_000).toFixed(1)} s`).join(", ") || "none";
}

function mib(amount: number | undefined): string {
  return amount === undefined ? "nothing" : `${amount.toFixed(0)} MiB`;
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1_000).toFixed(1)} s`;
}

// Connections and requests of a server that has ended hold nothing up.
process.exit(await (process.argv.includes("--crowd") ? crowdLeaves() : main()));
