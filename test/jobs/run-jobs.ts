import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { QueueManager } from "durable-queue";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { ChildProgram } from "../support/child-program.ts";
import { Random } from "../support/random.ts";
import { QUEUE } from "./job-tasks.ts";
import { Notebook } from "./notebook.ts";
import { type JobsVerdict, verdictOn } from "./verdict.ts";

const WORKERS = 4;
const AUTHKEY = "job-test";

/** Keys of jobs count for longer than any run takes. */
const DEDUPE_SECONDS = 86_400;

/** How long after the outcome that is its sign a process is killed at most, in milliseconds. */
const KILL_DELAY_MS = 150;

const VICTIMS = ["worker", "server", "producer"] as const;
type Victim = (typeof VICTIMS)[number];

/** The options of `runJobs`. */
export interface JobRunOptions {
  jobs: number;
  /** How many processes are killed. */
  kills: number;
  seed: number;
  /** Receives a line for each kill. */
  log(line: string): void;
}

/** What `runJobs` answers with. */
interface JobsReport extends JobsVerdict {
  kills: Record<Victim, number>;
}

/** Runs jobs while their workers, their producer and the server are killed, and holds against each other what is known of each. */
export async function runJobs(options: JobRunOptions): Promise<JobsReport> {
  const folder = mkdtempSync(`${tmpdir()}/durable-queue-jobs-`);
  const run = new JobRun(folder, options);
  try {
    const { address } = await run.start();
    await run.untilProduced();
    await using manager = new QueueManager({ address, authkey: AUTHKEY });
    const verdict = await verdictOn(new Notebook(run.file), manager, options.jobs);
    return { ...verdict, kills: run.killed };
  } finally {
    await run.stop();
    rmSync(folder, { recursive: true });
  }
}

/** The processes of a run. */
class JobRun {
  readonly file: string;
  readonly killed: Record<Victim, number> = { worker: 0, server: 0, producer: 0 };
  readonly #directory: DataDirectory;
  readonly #options: JobRunOptions;
  readonly #random: Random;
  #server: Server | undefined;
  readonly #workers: ChildProgram[] = [];
  #producer: ChildProgram | undefined;
  /** How many outcomes the producer has. */
  #outcomes = 0;
  #heard: () => void = () => undefined;

  constructor(folder: string, options: JobRunOptions) {
    this.file = `${folder}/notebook`;
    this.#directory = new DataDirectory(`${folder}/data`);
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  async start(): Promise<Server> {
    const server = await this.#startServer(0);
    await using manager = new QueueManager({ address: server.address, authkey: AUTHKEY });
    await manager.queue(QUEUE).configure({ dedupeSeconds: DEDUPE_SECONDS, retryDelaySeconds: 0 });
    for (let index = 0; index < WORKERS; index += 1) this.#workers.push(this.#newWorker());
    this.#producer = this.#newProducer();
    return server;
  }

  /** Kills processes while the producer works, each at its share of the outcomes, and waits until it has all. */
  async untilProduced(): Promise<void> {
    const { jobs, kills, log } = this.#options;
    for (let kill = 1; kill <= kills; kill += 1) {
      await this.#until((kill * jobs) / (kills + 1));
      await sleep(this.#random.integer(KILL_DELAY_MS));
      // Each kind at least once, if there are so many kills.
      const victim = VICTIMS[kill - 1] ?? this.#random.pick(VICTIMS);
      await this.#kill(victim);
      this.killed[victim] += 1;
      log(`kill ${kill}/${kills}: the ${victim}, after ${this.#outcomes} outcomes`);
    }
    const code = await this.#producer?.ended;
    if (code !== 0) throw new Error(`The producer ended with ${code}.`);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#workers, this.#producer].map((program) => program?.kill()));
    await this.#server?.stop();
  }

  /** Fails if the producer ends before it has so many outcomes, though it was not killed. */
  async #until(outcomes: number): Promise<void> {
    while (this.#outcomes < outcomes) {
      const heard = new Promise<string>((resolve) => {
        this.#heard = () => resolve("heard");
      });
      const ended = await Promise.race([heard, this.#producer?.ended]);
      if (ended !== "heard" && this.#outcomes < outcomes) throw new Error(`The producer ended with ${ended}.`);
    }
  }

  async #kill(victim: Victim): Promise<void> {
    if (victim === "worker") {
      const index = this.#random.integer(WORKERS);
      await this.#workers[index]?.kill();
      this.#workers[index] = this.#newWorker();
    } else if (victim === "server") {
      await this.#server?.kill();
      await this.#startServer(Number(new URL(this.#server?.address ?? "").port));
    } else {
      await this.#producer?.kill();
      this.#producer = this.#newProducer();
    }
  }

  async #startServer(port: number): Promise<Server> {
    this.#server = await Server.start({ host: "127.0.0.1", port, authkey: AUTHKEY, directory: this.#directory });
    return this.#server;
  }

  get #place() {
    return { address: this.#server?.address, authkey: AUTHKEY };
  }

  #newWorker(): ChildProgram {
    return new ChildProgram(`${import.meta.dirname}/worker-program.ts`, this.#place);
  }

  #newProducer(): ChildProgram {
    const settings = { ...this.#place, file: this.file, jobs: this.#options.jobs };
    return new ChildProgram(`${import.meta.dirname}/producer-program.ts`, settings, (outcomes) => {
      this.#outcomes = outcomes as number;
      this.#heard();
    });
  }
}
