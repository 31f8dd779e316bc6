// `npm run push-test`: 10,000 messages, or MESSAGES, through push consumers of a server on disk, of whose handlers one in
// ten fails, while the server is killed with SIGKILL 20 times, or KILLS, and objects are ended as often. What handlers saw is
// held against what was put and what the queues say. Which message fails, and what ends when, comes from a printed seed, SEED;
// what then happens depends on the machine.
import { runPush } from "./run-push.ts";

const MESSAGES = Number(process.env.MESSAGES ?? 10_000);
const KILLS = Number(process.env.KILLS ?? 20);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));

/** More faults are not shown. */
const FAULTS_SHOWN_MAX = 20;

console.log(`SEED=${SEED} MESSAGES=${MESSAGES} KILLS=${KILLS}`);
const startedAt = performance.now();
const settings = { messages: MESSAGES, kills: KILLS, ends: KILLS, isIdleTested: true, seed: SEED };
const { faults, ...figures } = await runPush({ ...settings, log: console.log });
const seconds = (performance.now() - startedAt) / 1_000;
console.log(`\n${MESSAGES} messages in ${seconds.toFixed(0)} s, ${KILLS} kills, ${KILLS} objects ended, SEED=${SEED}`);
for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(12)} ${value}`);
for (const fault of faults.slice(0, FAULTS_SHOWN_MAX)) console.log(fault);
if (faults.length > FAULTS_SHOWN_MAX) console.log(`and ${faults.length - FAULTS_SHOWN_MAX} more`);
console.log(faults.length === 0 ? "Each message was handled, or is dead as it has to be." : "A PROMISE WAS BROKEN.");
process.exitCode = faults.length === 0 ? 0 : 1;
