// `npm run demo`: a master and three workers do 1,000 tasks. In the middle the server is killed with SIGKILL and
// started again, and a worker is killed too. At the end every result is checked. The exit status tells.
import { fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { Empty } from "durable-queue";
import { startServer } from "durable-queue/testing";

export interface Result {
  n: number;
  square: number;
  /** Which delivery of the task this is the result of. */
  attempt: number;
}

const TASKS = 1_000;

const server = await startServer();
const { address, authkey } = server;
console.log(`server  ${address}, process ${server.pid}, state in ${server.directory}`);

const environment = { ...process.env, DURABLE_QUEUE_ADDRESS: address, DURABLE_QUEUE_AUTHKEY: authkey };
const workers = [1, 2, 3].map(() => fork(`${import.meta.dirname}/worker.ts`, { env: environment }));
console.log(`workers processes ${workers.map((worker) => worker.pid).join(", ")}`);

const manager = server.manager();
const tasks = manager.queue<number>("tasks");
const results = manager.queue<Result>("results");

const squares = new Map<number, number>();
let wrong = 0;
let duplicates = 0;
let redeliveries = 0;
let secondsLost = 0;

async function putTasks(): Promise<void> {
  for (let n = 0; n < TASKS; n += 10) {
    await tasks.putMany(Array.from({ length: 10 }, (_, offset) => n + offset));
  }
}

function collect({ n, square, attempt }: Result): void {
  if (square !== n * n) wrong += 1;
  if (squares.has(n)) duplicates += 1;
  if (attempt > 1) redeliveries += 1;
  squares.set(n, square);
}

async function collectResults(): Promise<void> {
  while (squares.size < TASKS) {
    const received = await results.receive({ max: 20, leaseSeconds: 2, timeoutSeconds: 30 });
    if (received.length === 0) throw new Error("No result for 30 seconds.");
    for (const result of received) collect(result.item);
    await Promise.all(received.map((result) => result.ack()));
    showProgress();
  }
}

/** Waits until that many results have come, then kills the server and starts it again on the same directory. */
async function crashServer(): Promise<void> {
  while (squares.size < TASKS * 0.4) await sleep(5);
  const killedAt = performance.now();
  const before = squares.size;
  say(`server  killed with SIGKILL after ${before} results`);
  await server.crash();
  say(`server  started again, process ${server.pid}`);
  while (squares.size <= before) await sleep(1);
  secondsLost = (performance.now() - killedAt) / 1_000;
}

async function killWorker(): Promise<void> {
  while (squares.size < TASKS * 0.7) await sleep(5);
  workers[0]?.kill("SIGKILL");
  say(`worker  ${workers[0]?.pid} killed with SIGKILL after ${squares.size} results`);
}

/** Results of tasks that were done twice may still be on their way when the last missing one is there. */
async function collectLateDuplicates(): Promise<void> {
  if (!(await tasks.join({ timeoutSeconds: 30 })))
    throw new Error("Tasks are unfinished 30 seconds after their results.");
  try {
    for (;;) collect(await results.get({ timeoutSeconds: 0.5 }));
  } catch (error) {
    if (!(error instanceof Empty)) throw error;
  }
}

function showProgress(): void {
  if (!process.stdout.isTTY) return;
  const done = Math.round((squares.size / TASKS) * 40);
  process.stdout.write(`\r[${"█".repeat(done)}${"·".repeat(40 - done)}] ${squares.size}/${TASKS} results `);
}

function say(line: string): void {
  console.log(process.stdout.isTTY ? `\r\x1b[K${line}` : line);
}

const startedAt = performance.now();
try {
  await Promise.all([putTasks(), collectResults(), crashServer(), killWorker()]);
  await collectLateDuplicates();
} finally {
  for (const worker of workers) worker.kill();
  await server.stop();
}
const seconds = (performance.now() - startedAt) / 1_000;

const missing = Array.from({ length: TASKS }, (_, n) => n).filter((n) => squares.get(n) !== n * n);
say(`
results       ${squares.size} of ${TASKS} tasks, in ${seconds.toFixed(1)} s
missing       ${missing.length}
wrong         ${wrong}
redeliveries  ${redeliveries} tasks were handed out again, because their server or worker had died
duplicates    ${duplicates} results came twice
seconds lost  ${secondsLost.toFixed(2)} from the kill of the server to the next result
`);
const isRight = missing.length === 0 && wrong === 0 && squares.size === TASKS;
console.log(isRight ? "Nothing was lost." : "SOMETHING WAS LOST.");
process.exitCode = isRight ? 0 : 1;
