// `npm run pool-test`: `Pool.map` of 20,000 items, or ITEMS, over 4 child processes and 2 of a worker elsewhere, while child
// processes, the worker, the server and the master are killed with SIGKILL, 40 times unless KILLS says otherwise. The results
// must be complete and in order. Which process is killed when comes from a printed seed, SEED; what the processes do then depends on
// the machine.
import { buildWorker } from "../../src/local/build-worker.ts";
import { runPool } from "./run-pool.ts";

const ITEMS = Number(process.env.ITEMS ?? 20_000);
const CHUNK = Number(process.env.CHUNK ?? 50);
const KILLS = Number(process.env.KILLS ?? 40);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const LIMIT_SECONDS = Number(process.env.LIMIT_SECONDS ?? 600);

/** More faults are not shown. */
const FAULTS_SHOWN_MAX = 20;

console.log(`SEED=${SEED} ITEMS=${ITEMS} CHUNK=${CHUNK} KILLS=${KILLS}`);
await buildWorker();
const startedAt = performance.now();
const { faults, kills, ...figures } = await runPool({
  items: ITEMS,
  chunkSize: CHUNK,
  kills: KILLS,
  seed: SEED,
  limitSeconds: LIMIT_SECONDS,
  log: console.log,
});
const seconds = (performance.now() - startedAt) / 1_000;
const killed = Object.entries(kills).map(([victim, count]) => `${victim} ${count}`);
console.log(`\n${ITEMS} items in ${seconds.toFixed(0)} s, killed: ${killed.join(", ")}, SEED=${SEED}`);
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(12)} ${value}`);
for (const fault of faults.slice(0, FAULTS_SHOWN_MAX)) console.log(fault);
if (faults.length > FAULTS_SHOWN_MAX) console.log(`and ${faults.length - FAULTS_SHOWN_MAX} more`);
console.log(faults.length === 0 ? "The results are complete and in order." : "A PROMISE WAS BROKEN.");
process.exitCode = faults.length === 0 ? 0 : 1;
