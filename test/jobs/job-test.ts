// `npm run job-test`: 10,000 jobs, or JOBS, over four workers, while workers, the server and the producer are killed with
// SIGKILL, 60 times unless KILLS says otherwise. The producer, started again, finds its jobs by their ids. Each job must
// have one outcome, the right one, for its caller and in the queue. Which process is killed when comes from a printed seed,
// SEED; what the processes do then depends on the machine.
import { buildWorker } from "../../src/local/build-worker.ts";
import { runJobs } from "./run-jobs.ts";

const JOBS = Number(process.env.JOBS ?? 10_000);
const KILLS = Number(process.env.KILLS ?? 60);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

/** More faults are not shown. */
const FAULTS_SHOWN_MAX = 20;

console.log(`SEED=${SEED} JOBS=${JOBS} KILLS=${KILLS}`);
await buildWorker();
const startedAt = performance.now();
const { faults, kills, ...figures } = await runJobs({ jobs: JOBS, kills: KILLS, seed: SEED, log: console.log });
const seconds = (performance.now() - startedAt) / 1_000;
const killed = Object.entries(kills).map(([victim, count]) => `${victim} ${count}`);
console.log(`\n${JOBS} jobs in ${seconds.toFixed(0)} s, killed: ${killed.join(", ")}, SEED=${SEED}`);
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(12)} ${value}`);
for (const fault of faults.slice(0, FAULTS_SHOWN_MAX)) console.log(fault);
if (faults.length > FAULTS_SHOWN_MAX) console.log(`and ${faults.length - FAULTS_SHOWN_MAX} more`);
console.log(faults.length === 0 ? "Each job had one outcome, the right one." : "A PROMISE WAS BROKEN.");
process.exitCode = faults.length === 0 ? 0 : 1;
