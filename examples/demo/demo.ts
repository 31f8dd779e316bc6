// `npm run demo`: a master and three workers do 1,000 tasks, whose results come back in a queue, and 1,000 jobs, whose results
// the queue keeps. In the middle the server is killed with SIGKILL and started again, and a worker is killed too. At the end
// every result is checked. The exit status tells.
import { fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { startServer } from "durable-queue/testing";
import { Jobs } from "./jobs.ts";
import { ResultQueue } from "./result-queue.ts";
import { draw, say } from "./screen.ts";

const COUNT = 1_000;

const server = await startServer();
const { address, authkey } = server;
console.log(`server  ${address}, process ${server.pid}, state in ${server.directory}`);

const environment = { ...process.env, DURABLE_QUEUE_ADDRESS: address, DURABLE_QUEUE_AUTHKEY: authkey };
const workers = [1, 2, 3].map(() => fork(`${import.meta.dirname}/worker.ts`, { env: environment }));
console.log(`workers processes ${workers.map((worker) => worker.pid).join(", ")}`);

const manager = server.manager();
const tasks = new ResultQueue(manager, COUNT);
const jobs = new Jobs(manager, COUNT);
let secondsLost = 0;

/** All results that have come. */
function come(): number {
  return tasks.squares.size + jobs.cubes.size;
}

function show(): void {
  draw({ tasks: tasks.squares.size / COUNT, jobs: jobs.cubes.size / COUNT, report: jobs.progress });
}

/** Waits until that many results have come, then kills the server and starts it again on the same directory. */
async function crashServer(): Promise<void> {
  while (come() < 2 * COUNT * 0.4) await sleep(5);
  const killedAt = performance.now();
  const before = come();
  say(`server  killed with SIGKILL after ${before} results, the report at ${Math.round(jobs.progress * 100)} %`);
  await server.crash();
  say(`server  started again, process ${server.pid}`);
  while (come() <= before) await sleep(1);
  secondsLost = (performance.now() - killedAt) / 1_000;
}

async function killWorker(): Promise<void> {
  while (come() < 2 * COUNT * 0.7) await sleep(5);
  workers[0]?.kill("SIGKILL");
  say(`worker  ${workers[0]?.pid} killed with SIGKILL after ${come()} results`);
}

const startedAt = performance.now();
try {
  await Promise.all([tasks.putTasks(), tasks.collectResults(show), jobs.run(show), crashServer(), killWorker()]);
  await tasks.collectLateDuplicates();
} finally {
  for (const worker of workers) worker.kill();
  await server.stop();
}
const seconds = (performance.now() - startedAt) / 1_000;

const missing = tasks.missing.length + jobs.missing.length;
say(`
results       ${tasks.squares.size} of ${COUNT} tasks and ${jobs.cubes.size} of ${COUNT} jobs, in ${seconds.toFixed(1)} s
report        ${jobs.report}
missing       ${missing}
wrong         ${tasks.wrong}
redeliveries  ${tasks.redeliveries} tasks were handed out again, because their server or worker had died
duplicates    ${tasks.duplicates + jobs.duplicates} results came twice
seconds lost  ${secondsLost.toFixed(2)} from the kill of the server to the next result
`);
const isRight = missing === 0 && tasks.wrong === 0 && jobs.report !== "";
console.log(isRight ? "Nothing was lost." : "SOMETHING WAS LOST.");
process.exitCode = isRight ? 0 : 1;
