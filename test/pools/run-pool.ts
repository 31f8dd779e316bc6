import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { QueueManager } from "durable-queue";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { ChildProgram } from "../support/child-program.ts";
import { Random } from "../support/random.ts";
import { QUEUE, RUNS_FOLDER } from "./pool-tasks.ts";
import { childrenOf, running } from "./processes.ts";
import { Runs } from "./runs.ts";
import type { MasterSettings, WorkerSettings } from "./settings.ts";
import { faultsOf } from "./verdict.ts";

/** Child processes of the pool, and of the worker elsewhere. */
const PROCESSES = 4;
const WORKER_PROCESSES = 2;

const AUTHKEY = "pool-test";

/** How long after the item that is its sign a process is killed at most, in milliseconds. */
const KILL_DELAY_MS = 100;

/** Between two looks at what was begun, in milliseconds. */
const LOOK_MS = 20;

/** How long child processes may live on after the process that has started them, in milliseconds. */
const LEFT_MS = 10_000;

/** The master's calls count for longer than any run takes. */
const IDEMPOTENCY_SECONDS = 86_400;

const VICTIMS = ["child", "worker", "server", "master"] as const;
type Victim = (typeof VICTIMS)[number];

/** The options of `runPool`. */
export interface PoolRunOptions {
  items: number;
  /** How many items go to a process together. */
  chunkSize: number;
  /** How many processes are killed. */
  kills: number;
  seed: number;
  /** After so many seconds the run fails. */
  limitSeconds: number;
  /** Receives a line for each kill. */
  log(line: string): void;
}

/** What `runPool` answers with. */
interface PoolReport {
  /** What is not as it has to be; empty if all is well. */
  faults: string[];
  kills: Record<Victim, number>;
  /** Items that were begun more than once. */
  repeated: number;
  /** How often one item was begun at most. */
  mostOfOne: number;
  rowsWritten: number;
}

/** Maps items over a pool while its child processes, a worker elsewhere, the server and its master are killed. */
export async function runPool(options: PoolRunOptions): Promise<PoolReport> {
  const folder = mkdtempSync(`${tmpdir()}/durable-queue-pool-`);
  const run = new PoolRun(folder, options);
  try {
    const report = await run.untilMapped();
    await run.stop();
    const left = await run.leftBehind();
    return { ...report, faults: [...report.faults, ...left.map((pid) => `the process ${pid} is left behind`)] };
  } finally {
    await run.stop();
    rmSync(folder, { recursive: true });
  }
}

/** The processes of a run. */
class PoolRun {
  readonly #options: PoolRunOptions;
  readonly #directory: DataDirectory;
  readonly #file: string;
  readonly #random: Random;
  readonly #runs: Runs;
  readonly #killed: Record<Victim, number> = { child: 0, worker: 0, server: 0, master: 0 };
  #server: Server | undefined;
  #master: ChildProgram | undefined;
  #worker: ChildProgram | undefined;

  constructor(folder: string, options: PoolRunOptions) {
    this.#options = options;
    this.#directory = new DataDirectory(`${folder}/data`);
    this.#file = `${folder}/results.json`;
    this.#random = new Random(options.seed);
    mkdirSync(`${folder}/runs`);
    process.env[RUNS_FOLDER] = `${folder}/runs`;
    this.#runs = new Runs(`${folder}/runs`);
  }

  async untilMapped(): Promise<PoolReport> {
    const { items, limitSeconds } = this.#options;
    const signal = AbortSignal.timeout(limitSeconds * 1_000);
    const { address } = await this.#startServer(0);
    await using manager = new QueueManager({ address, authkey: AUTHKEY });
    await manager.queue(QUEUE).configure({ retryDelaySeconds: 0, idempotencySeconds: IDEMPOTENCY_SECONDS });
    this.#startWorker();
    this.#startMaster();
    await this.#killAll(signal);
    const code = await unlessAborted(
      Promise.resolve(this.#master?.ended),
      signal,
      () => `${this.#runs.items} of ${items} items were begun`,
    );
    if (code !== 0) throw new Error(`The master ended with ${code}.`);
    this.#runs.refresh();
    const { rowsWritten } = await manager.queue(QUEUE).describe();
    const { repeated, mostOfOne } = this.#runs;
    const faults = faultsOf(JSON.parse(readFileSync(this.#file, "utf8")), items);
    return { faults, kills: this.#killed, repeated, mostOfOne, rowsWritten };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#master?.kill(), this.#worker?.kill(), this.#server?.stop()]);
  }

  /** Child processes that live on for `LEFT_MS` after what has started them. */
  async leftBehind(): Promise<number[]> {
    const endsAt = performance.now() + LEFT_MS;
    let left = running(this.#runs.processes);
    for (; left.length > 0 && performance.now() < endsAt; left = running(left)) await sleep(LOOK_MS);
    return left;
  }

  /** Kills processes while the master maps, each at its share of the items. */
  async #killAll(signal: AbortSignal): Promise<void> {
    const { items, kills, log } = this.#options;
    for (let kill = 1; kill <= kills; kill += 1) {
      await this.#untilBegun(Math.floor((kill * items) / (kills + 1)), signal);
      await sleep(this.#random.integer(KILL_DELAY_MS));
      // Each kind at least once, if there are so many kills; child processes most often.
      const victim = VICTIMS[kill - 1] ?? this.#random.pick(["child", "child", ...VICTIMS]);
      const what = await this.#kill(victim);
      log(`kill ${kill}/${kills}: ${what}, after ${this.#runs.items} items`);
    }
  }

  async #untilBegun(items: number, signal: AbortSignal): Promise<void> {
    for (this.#runs.refresh(); this.#runs.items < items; this.#runs.refresh()) {
      if (signal.aborted) throw tooSlow(`${this.#runs.items} of ${this.#options.items} items were begun`);
      const ended = await Promise.race([this.#master?.ended, sleep(LOOK_MS, "not yet")]);
      if (ended !== "not yet") throw new Error(`The master ended with ${ended} before its results were complete.`);
    }
  }

  /** Answers with what was killed. */
  async #kill(victim: Victim): Promise<string> {
    if (victim === "child") return this.#killChild();
    this.#killed[victim] += 1;
    if (victim === "worker") {
      await this.#worker?.kill();
      this.#startWorker();
    } else if (victim === "master") {
      await this.#master?.kill();
      this.#startMaster();
    } else {
      await this.#server?.kill();
      await this.#startServer(Number(new URL(this.#place.address).port));
    }
    return `the ${victim}`;
  }

  /** Of the children of the pool and of the worker. None may be there, if all of them wait to be started again. */
  #killChild(): string {
    const choice = this.#random.fraction();
    const parents = [this.#master, this.#worker].flatMap((program) => (program === undefined ? [] : [program.pid]));
    const children = childrenOf(parents);
    const child = children[Math.floor(choice * children.length)];
    if (child === undefined) return "no child process, for there is none";
    process.kill(child, "SIGKILL");
    this.#killed.child += 1;
    return `the child process ${child} of ${children.length}`;
  }

  async #startServer(port: number): Promise<Server> {
    this.#server = await Server.start({ host: "127.0.0.1", port, authkey: AUTHKEY, directory: this.#directory });
    return this.#server;
  }

  get #place() {
    return { address: this.#server?.address ?? "", authkey: AUTHKEY };
  }

  #startWorker(): void {
    const settings: WorkerSettings = { ...this.#place, processes: WORKER_PROCESSES };
    this.#worker = new ChildProgram(`${import.meta.dirname}/worker-program.ts`, settings);
  }

  #startMaster(): void {
    const { items, chunkSize } = this.#options;
    const settings: MasterSettings = { ...this.#place, file: this.#file, items, chunkSize, processes: PROCESSES };
    this.#master = new ChildProgram(`${import.meta.dirname}/master-program.ts`, settings);
  }
}

function tooSlow(state: string): Error {
  return new Error(`The run took too long: ${state}.`);
}

async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal, state: () => string): Promise<Value> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(tooSlow(state()));
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
