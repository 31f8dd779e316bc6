import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Queue, type QueueDescription, QueueManager } from "durable-queue";
import { buildWorker, WORKER, type WorkerBuild } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { Random } from "../support/random.ts";
import { Notebook } from "./notebook.ts";
import { type Dead, type PushVerdict, type Put, verdictOn } from "./verdict.ts";
import { type Body, QUEUES, type QueueName } from "./workers/storm/queues.ts";

const ROOT = join(import.meta.dirname, "../..");
const AUTHKEY = "push-test";
const MAX_ATTEMPTS = 10;

const STORM: WorkerBuild = {
  entry: "test/push/workers/storm/index.ts",
  bundle: "dist/storm-worker",
  sources: [...WORKER.sources, "worker-client/push", "test/push/workers/storm"],
};

/** How many of a thousand messages each queue gets. */
const SHARES: readonly [QueueName, number][] = [
  ["plain", 500],
  ["groups", 300],
  ["filled", 200],
];

const GROUPS = 60;
const PUT_SIZE = 50;

/** One message in this many fails with each attempt. */
const POISON_EVERY = 200;

/** The most messages of a queue that are put and not handled yet, so that all of it happens while messages come. */
const AHEAD_MAX = 400;

/** How long after the message that is its sign the server is killed, or an object ended, at most, in milliseconds. */
const DELAY_MS = 150;

/** No note for this long, in milliseconds, is a fault: leases end after a few seconds, and alarms are up to ten behind. */
const SILENCE_MS = 60_000;

/** Of messages that nothing calls for: longer than the platform keeps an idle object in memory, which is 10 seconds. */
const IDLE_SECONDS = 14;
const IDLE_MESSAGES = 20;

/** The options of `runPush`. */
export interface PushRunOptions {
  messages: number;
  /** How often the server is killed. */
  kills: number;
  /** How often the object of a queue is ended. */
  ends: number;
  /** Whether messages follow that find their object out of memory. */
  isIdleTested: boolean;
  seed: number;
  /** Receives a line for each kill. */
  log(line: string): void;
}

/** What `runPush` answers with. */
export interface PushReport extends PushVerdict {
  dead: number;
  rowsWritten: number;
}

/** Pushes messages to handlers that fail, while the server is killed and objects are ended. */
export async function runPush(options: PushRunOptions): Promise<PushReport> {
  await buildWorker({}, STORM);
  const folder = mkdtempSync(`${tmpdir()}/durable-queue-push-`);
  const run = new PushRun(folder, options);
  try {
    await run.start();
    await run.storm();
    return await run.report();
  } finally {
    await run.stop();
    rmSync(folder, { recursive: true });
  }
}

class PushRun {
  readonly #folder: string;
  readonly #options: PushRunOptions;
  readonly #directory: DataDirectory;
  readonly #notebook = new Notebook();
  readonly #random: Random;
  readonly #puts: Put[] = [];
  #server: Server | undefined;

  constructor(folder: string, options: PushRunOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#directory = new DataDirectory(`${folder}/data`);
    this.#random = new Random(options.seed);
  }

  async start(): Promise<void> {
    const config = readFileSync(join(ROOT, "src/local/workerd.capnp"), "utf8")
      .replace(`embed "../../${WORKER.bundle}/index.js"`, `embed "index.js"`)
      .replace(
        "services = [",
        `services = [(name = "notebook", external = (address = "${await this.#notebook.listen()}", http = ())),`,
      )
      .replace(
        "bindings = [",
        `bindings = [(name = "NOTEBOOK", service = "notebook"), (name = "SEED", text = "${this.#options.seed}"),`,
      );
    writeFileSync(this.#config, config);
    await this.#startServer(0);
    await using manager = this.#manager();
    const own = { maxAttempts: MAX_ATTEMPTS, retryDelaySeconds: 0.05, retryDelayFactor: 1 };
    for (const name of Object.keys(QUEUES)) await manager.queue(name).configure(own);
  }

  get #config(): string {
    // Beside the bundle that it embeds.
    return join(ROOT, STORM.bundle, `${basename(this.#folder)}.capnp`);
  }

  async #startServer(port: number): Promise<void> {
    const place = { host: "127.0.0.1", port, authkey: AUTHKEY, directory: this.#directory };
    this.#server = await Server.start({ ...place, config: this.#config });
  }

  get #address(): string {
    return this.#server?.address ?? "";
  }

  #manager(): QueueManager {
    return new QueueManager({ address: this.#address, authkey: AUTHKEY });
  }

  /** Puts all messages, and kills and ends meanwhile. It is over when all messages are handled or dead. */
  async storm(): Promise<void> {
    const manager = this.#manager();
    const puts = SHARES.map(([name, share]) => this.#put(manager.queue<Body>(name), name, share));
    try {
      await Promise.all([this.#interrupt(), ...puts]);
    } finally {
      await manager.close();
    }
    // From now on nothing calls the server: what is left comes by alarms.
    const expected = this.#puts.filter(({ isPoison }) => !isPoison).length;
    await this.#notebook.until(() => this.#notebook.handled.size >= expected, SILENCE_MS);
    if (this.#options.isIdleTested) await this.#testIdle();
  }

  async #put(queue: Queue<Body>, name: QueueName, share: number): Promise<void> {
    const count = Math.round((this.#options.messages * share) / 1_000);
    const mine: Put[] = [];
    while (mine.length < count) {
      const first = this.#puts.length;
      const batch = Array.from({ length: Math.min(PUT_SIZE, count - mine.length) }, (_, index) => {
        return { queue: name, n: first + index, isPoison: (first + index) % POISON_EVERY === 7 };
      });
      this.#puts.push(...batch);
      mine.push(...batch);
      const items = batch.map(({ n, isPoison }) => ({ n, isPoison }));
      const grouped = name === "groups" ? { each: ({ n }: Body) => ({ group: `group-${n % GROUPS}` }) } : {};
      await queue.putMany(items, grouped);
      const isAhead = () => mine.filter(({ n }) => !this.#notebook.handled.has(n)).length > AHEAD_MAX;
      await this.#notebook.until(() => !isAhead(), SILENCE_MS);
    }
  }

  /** Kills the server and ends objects, each when its share of the messages is handled. */
  async #interrupt(): Promise<void> {
    const { messages, kills, ends, log } = this.#options;
    const steps = kills + ends;
    const kinds = [...Array<"kill">(kills).fill("kill"), ...Array<"end">(ends).fill("end")];
    for (let step = 1; step <= steps; step += 1) {
      const handled = (step * messages * 0.9) / (steps + 1);
      await this.#notebook.until(() => this.#notebook.handled.size >= handled, SILENCE_MS);
      await sleep(this.#random.integer(DELAY_MS));
      const [kind] = kinds.splice(this.#random.integer(kinds.length), 1);
      const what = kind === "kill" ? await this.#kill() : await this.#end();
      log(`${step}/${steps}: ${what}, after ${this.#notebook.handled.size} messages`);
    }
  }

  async #kill(): Promise<string> {
    const port = Number(new URL(this.#address).port);
    await this.#server?.kill();
    this.#notebook.add({ kind: "killed" });
    await this.#startServer(port);
    return "the server was killed";
  }

  async #end(): Promise<string> {
    const [queue] = this.#random.pick(SHARES);
    await fetch(`${this.#address}/end/${queue}`, { method: "POST" });
    this.#notebook.add({ kind: "ended", queue });
    return `the object of ${queue} was ended`;
  }

  /** Messages that are due when their object has left memory, while nothing calls the server. */
  async #testIdle(): Promise<void> {
    const first = this.#puts.length;
    const items = Array.from({ length: IDLE_MESSAGES }, (_, index) => ({ n: first + index, isPoison: false }));
    this.#puts.push(...items.map((item) => ({ queue: "idle", ...item })));
    {
      await using manager = this.#manager();
      await manager.queue<Body>("idle").putMany(items, { delaySeconds: IDLE_SECONDS });
    }
    const { notes, handled } = this.#notebook;
    const place = notes.length;
    await this.#notebook.until(() => items.every(({ n }) => handled.has(n)), SILENCE_MS);
    const wasLoaded = notes.slice(place).some((note) => note.kind === "loaded" && note.queue === "idle");
    if (!wasLoaded) throw new Error("The object of idle stayed in memory.");
  }

  async report(): Promise<PushReport> {
    await using manager = this.#manager();
    const dead: Dead[] = [];
    const faults: string[] = [];
    let rowsWritten = 0;
    for (const name of Object.keys(QUEUES)) {
      const queue = manager.queue<Body>(name);
      const description = await untilQuiet(queue);
      rowsWritten += description.rowsWritten;
      for await (const { item, attempts } of queue.messages({ state: "dead", pageSize: 1_000 })) {
        dead.push({ n: item.n, attempts });
      }
      faults.push(...countFaults(description, this.#puts.filter((put) => put.queue === name).length));
    }
    const verdict = verdictOn(this.#puts, this.#notebook.notes, dead, MAX_ATTEMPTS);
    return { ...verdict, dead: dead.length, rowsWritten, faults: [...verdict.faults, ...faults] };
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
    this.#notebook.close();
    rmSync(this.#config, { force: true });
  }
}

/** Waits until nothing is left in a queue but dead letters: the last handlers have said what they did, and it is being stored. */
async function untilQuiet(queue: Queue<Body>): Promise<QueueDescription> {
  const until = performance.now() + SILENCE_MS;
  for (;;) {
    const description = await queue.describe();
    if (description.visible + description.delayed + description.leased === 0) return description;
    if (performance.now() > until) throw new Error(`Messages are left: ${JSON.stringify(description)}`);
    await sleep(100);
  }
}

function countFaults({ name, accepted, done, dead }: QueueDescription, put: number): string[] {
  return accepted === put && done + dead === put
    ? []
    : [`${name} says ${accepted}, ${done} done, ${dead} dead, of ${put}`];
}
