// `npm run everyday-test`: workers and producers, each a process of its own, have a bad day: they are blocked, frozen,
// killed and poisoned, their server is restarted or away, their network slow, silent or cut, at random moments from a
// printed seed, for SECONDS seconds. Then everything is left alone until the queue is empty, and held against what was
// acknowledged and handled. What happens in a moment depends on the machine.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { buildWorker } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { type Queue, QueueManager, type WorkOptions } from "../../worker-client/src/index.ts";
import { Random } from "../support/random.ts";
import { type Task, WorkerProcess } from "../support/workers/worker-process.ts";
import { ChaosProxy } from "./chaos-proxy.ts";
import { DISTURBANCES, type Disturbed } from "./disturbances.ts";
import { EverydayHistory, type Rest } from "./everyday-history.ts";
import type { ProducerSaid } from "./producer-program.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const SECONDS = Number(process.env.SECONDS ?? 600);
const WORKERS = Number(process.env.WORKERS ?? 3);
const PRODUCERS = Number(process.env.PRODUCERS ?? 2);
/** How many of the workers are over HTTP, from 0 to 1. */
const HTTP_SHARE = Number(process.env.HTTP_SHARE ?? 0.2);
const AUTHKEY = "everyday-test";
/** Short, so that leases end while the test runs. Handlers block for less. */
const LEASE_SECONDS = 2;
/** So that what always fails is dead within a minute. */
const RETRY_SECONDS_MAX = 5;
/** How long after its deadline a call may end. */
const LATE_MS_MAX = 1_000;
/** For how long the queue may take to come to rest: ten attempts of what always fails, with their delays. */
const REST_SECONDS_MAX = 300;
const FAULTS_SHOWN = 20;

/** Workers as users start them: most with default options. */
const WORK: readonly WorkOptions[] = [
  ...[{}, {}, {}],
  ...[{ concurrency: 4 }, { concurrency: 2, prefetch: 5 }, { prefetch: 0 }],
];

const random = new Random(SEED);
const history = new EverydayHistory();
const names = new Map<string, Task>();
const disturbed = new Map<string, number>();
const calls = { count: 0, unavailable: 0, latestMs: 0, late: [] as string[], unexpected: [] as string[] };

/** A worker that is started again when it ends, as a service manager would, until the day is over. */
class KeptWorker implements Disturbed {
  #current: WorkerProcess | undefined;
  #isOver = false;
  starts = 0;

  constructor(place: () => { address: string; authkey: string; queue: string; transport?: "http" }, name: string) {
    void this.#keep(place, name);
  }

  signal(signal: NodeJS.Signals): void {
    this.#current?.signal(signal);
  }

  async #keep(place: ConstructorParameters<typeof KeptWorker>[0], name: string): Promise<void> {
    while (!this.#isOver) {
      this.starts += 1;
      const own = `${name}.${this.starts}`;
      this.#current = new WorkerProcess(place(), random.pick(WORK), (said) => history.said(own, said));
      await this.#current.ended;
      history.ended(own, Date.now());
      await sleep(200);
    }
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#current?.close();
  }
}

class Producer implements Disturbed {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #hasFinished = false;

  constructor(settings: object) {
    const program = join(import.meta.dirname, "producer-program.ts");
    const args = ["--conditions=durable-queue-source", program, JSON.stringify(settings)];
    this.#process = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#ended = once(this.#process, "close");
    const lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      const said = JSON.parse(line) as ProducerSaid;
      this.#hasFinished ||= said.what === "finished";
      heard(said);
    });
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  async finish(): Promise<void> {
    this.signal("SIGTERM");
    await this.#ended;
    if (!this.#hasFinished) calls.unexpected.push("A producer ended by itself.");
  }
}

function heard(said: ProducerSaid): void {
  if (said.what === "trying") {
    history.trying(said.name);
    names.set(said.name, said.task);
  } else if (said.what === "put") {
    history.acknowledged(said.name, said.id);
  } else if (said.what === "call") {
    const { call, outcome, lateMs } = said;
    calls.count += 1;
    calls.latestMs = Math.max(calls.latestMs, lateMs);
    if (outcome === "unavailable") calls.unavailable += 1;
    if (lateMs > LATE_MS_MAX) calls.late.push(`${call} (${outcome}) ended ${lateMs} ms after its deadline.`);
    if (outcome.includes(" ")) calls.unexpected.push(`${call} ended with ${outcome}.`);
  }
}

async function disturb(world: Parameters<(typeof DISTURBANCES)[string]>[0], until: number): Promise<void> {
  while (Date.now() < until) {
    await sleep(500 + random.integer(2_500));
    const name = random.pick(Object.keys(DISTURBANCES));
    disturbed.set(name, (disturbed.get(name) ?? 0) + 1);
    await DISTURBANCES[name]?.(world, random);
  }
}

/** Waits until nothing is left to be done. */
async function rest(queue: Queue<Task>): Promise<Rest> {
  await queue.join({ timeoutSeconds: REST_SECONDS_MAX });
  const { unfinished } = await queue.describe();
  const dead = new Map<string, { name: string; attempts: number }>();
  for await (const { id, item, attempts } of queue.messages({ state: "dead" })) {
    dead.set(id, { name: item.name, attempts });
  }
  return { dead, unfinished, isAnyOverHttp: HTTP_SHARE > 0 };
}

async function main(): Promise<number> {
  console.log(`SEED=${SEED} SECONDS=${SECONDS} WORKERS=${WORKERS} PRODUCERS=${PRODUCERS} HTTP_SHARE=${HTTP_SHARE}`);
  await buildWorker();
  const directory = new DataDirectory(mkdtempSync(`${tmpdir()}/durable-queue-everyday-`));
  let server = await Server.start({ host: "127.0.0.1", port: 0, authkey: AUTHKEY, directory });
  const { address } = server;
  const port = Number(new URL(address).port);
  const proxy = new ChaosProxy(port);
  await proxy.accept();
  const place = { address: proxy.address, authkey: AUTHKEY, queue: "tasks" };
  const manager = new QueueManager({ address, authkey: AUTHKEY });
  const queue = manager.queue<Task>(place.queue);
  await queue.configure({ leaseSeconds: LEASE_SECONDS, retryDelayMaxSeconds: RETRY_SECONDS_MAX });
  const workers = Array.from({ length: WORKERS }, (_, n) => {
    return new KeptWorker(
      () => ({ ...place, ...(random.chance(HTTP_SHARE) ? { transport: "http" } : {}) }),
      `worker-${n}`,
    );
  });
  const producers = Array.from({ length: PRODUCERS }, (_, n) => {
    return new Producer({ ...place, side: "side", seed: random.integer(2 ** 31), name: `task-${n}` });
  });
  const restartServer = async (awayMs: number) => {
    await server.kill();
    await sleep(awayMs);
    server = await Server.start({ host: "127.0.0.1", port, authkey: AUTHKEY, directory });
  };
  try {
    await disturb({ workers, producers, proxy, restartServer }, Date.now() + SECONDS * 1_000);
    await Promise.all(producers.map((producer) => producer.finish()));
    const left = await rest(queue);
    await Promise.all(workers.map((worker) => worker.close()));
    return report(left, workers);
  } finally {
    for (const each of [...workers, ...producers]) each.signal("SIGKILL");
    await manager.close();
    await proxy.refuse();
    await server.kill();
    rmSync(directory.path, { recursive: true });
  }
}

function report(left: Rest, workers: readonly KeptWorker[]): number {
  const mayDie = (name: string) => names.get(name)?.kills === true || (names.get(name)?.fails ?? 0) >= 10;
  const faults = [...history.faults(left, mayDie), ...calls.late, ...calls.unexpected];
  for (const [name, times] of [...disturbed].sort()) console.log(`${name}: ${times}`);
  console.log(`workers started: ${workers.reduce((sum, { starts }) => sum + starts, 0)}`);
  console.log(`messages acknowledged: ${history.acknowledgedCount}, handlers begun: ${history.runs}`);
  console.log(`handlers told that they lost their lease: ${history.told}, dead letters: ${left.dead.size}`);
  console.log(`calls with a deadline: ${calls.count}, unavailable: ${calls.unavailable}`);
  console.log(`latest end after a deadline: ${calls.latestMs} ms`);
  for (const fault of faults.slice(0, FAULTS_SHOWN)) console.log(`FAULT: ${fault}`);
  console.log(faults.length === 0 ? "No fault." : `${faults.length} faults.`);
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = await main();
