// BullMQ on Redis. Its documents ask for the append-only file and for no eviction, and find one fsync a second enough
// for most; with `appendfsync always` a put is confirmed after its fsync, as ours is.
import { type Job, Queue, QueueEvents, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Connection, Contender, QueueName, RunningServer } from "../contender.ts";
import { Child, freePort } from "../support/child-process.ts";
import { isListening } from "../support/is-listening.ts";
import { clientVersion, program, versionOf } from "../support/programs.ts";
import { startPool } from "./bullmq-pool.ts";

/** Of 100 and 400 the faster one here. */
const CONCURRENCY = 100;
/** `waitUntilFinished` needs the job to be there for a while after its end. */
const KEPT = { removeOnComplete: { age: 3_600 } };

async function start(directory: string, appendfsync: "always" | "everysec"): Promise<RunningServer> {
  const port = await freePort();
  const persistence = ["--appendonly", "yes", "--appendfsync", appendfsync, "--save", ""];
  const place = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", directory];
  const child = new Child([program("redis-server"), ...place, ...persistence, "--maxmemory-policy", "noeviction"]);
  await child.untilReady(() => isListening(port));
  return { address: `redis://127.0.0.1:${port}`, pid: child.pid, stop: () => child.stop() };
}

async function connect(address: string): Promise<Connection> {
  const { port } = new URL(address);
  const location = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
  const client = new Redis(location);
  const queues = new Map<QueueName, Queue<string>>();
  const queue = (name: QueueName) => {
    const known = queues.get(name);
    if (known !== undefined) return known;
    // All puts of a process share a connection; what is done is removed, as the documents recommend.
    const made = new Queue<string>(name, { connection: client, defaultJobOptions: { removeOnComplete: true } });
    queues.set(name, made);
    return made;
  };
  /** Of those who await results. */
  let events: Promise<QueueEvents> | undefined;
  const listening = () => {
    events ??= (async () => {
      const made = new QueueEvents("tasks", { connection: location });
      await made.waitUntilReady();
      return made;
    })();
    return events;
  };
  return {
    async put(name, body) {
      await queue(name).add("task", body);
    },
    async putAll(name, bodies) {
      await queue(name).addBulk(bodies.map((data) => ({ name: "task", data })));
    },
    async consume(name, handle) {
      const options = { connection: location, concurrency: CONCURRENCY };
      const worker = new Worker<string>(name, (job) => handle(job.data), options);
      await worker.waitUntilReady();
    },
    async submitAll(inputs) {
      const ended = await listening();
      // A result is kept as long as ours is, for who asks again.
      const bulk = inputs.map((data) => ({ name: "task", data, opts: KEPT }));
      const [first] = bulk;
      const jobs: Job<string, string>[] =
        first !== undefined && bulk.length === 1
          ? [await queue("tasks").add(first.name, first.data, first.opts)]
          : await queue("tasks").addBulk(bulk);
      return jobs.map((job) => ({ result: () => job.waitUntilFinished(ended) }));
    },
    async serve(run) {
      const options = { connection: location, concurrency: CONCURRENCY };
      const worker = new Worker<string, string>("tasks", (job) => run(job.data), options);
      await worker.waitUntilReady();
    },
    pool: async (options) => (options.by === "chunk" ? undefined : startPool(options, Number(port), CONCURRENCY)),
  };
}

const common = {
  requires: { program: "redis-server", debianPackage: "redis-server" },
  version: async () => `Redis ${await versionOf("redis-server", "--version")}, ${clientVersion("bullmq")}`,
  connect,
};

export const contenders: readonly Contender[] = [
  {
    ...common,
    name: "bullmq",
    title: "BullMQ, Redis",
    durability: "fsync before each confirm",
    isDurable: true,
    start: (directory) => start(directory, "always"),
  },
  {
    ...common,
    name: "bullmq-everysec",
    title: "BullMQ, Redis everysec",
    durability: "fsync every second",
    isDurable: false,
    start: (directory) => start(directory, "everysec"),
  },
];
