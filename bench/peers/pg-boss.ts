// pg-boss on PostgreSQL as initdb leaves it: fsync and synchronous_commit are on.
import { execFile } from "node:child_process";
import { chownSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { PgBoss } from "pg-boss";
import { type Connection, type Contender, QUEUES, type RunningServer } from "../contender.ts";
import { Child, freePort } from "../support/child-process.ts";
import { isListening } from "../support/is-listening.ts";
import { clientVersion, program, versionOf } from "../support/programs.ts";

/** Of 100 and 400 the faster one here. */
const BATCH = 400;
/** A batch is handled while the next is fetched. */
const FETCHERS = 2;
/** Of connections to the database, for one process; by default ten, with which single puts are a third slower. */
const POOL = 20;

/** PostgreSQL refuses to run as root, so root lends it the user of its Debian package. */
async function identity(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const id = async (option: string) => Number((await promisify(execFile)("id", [option, "postgres"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

async function start(directory: string, notify: boolean): Promise<RunningServer> {
  const owner = await identity();
  if (owner !== undefined) chownSync(directory, owner.uid, owner.gid);
  const options = { ...owner, cwd: directory };
  await promisify(execFile)(program("initdb"), ["-D", directory, "-U", "bench", "-A", "trust", "-E", "UTF8"], options);
  const port = await freePort();
  const place = ["-D", directory, "-p", `${port}`, "-c", "listen_addresses=127.0.0.1", "-k", directory];
  const child = new Child([program("postgres"), ...place], options);
  const address = `postgres://bench@127.0.0.1:${port}/postgres`;
  await child.untilReady(() => isListening(port));
  const boss = await started(address, false);
  for (const queue of QUEUES) await boss.createQueue(queue, { notify });
  await boss.stop();
  // Asks it to disconnect all clients and end.
  return { address, pid: child.pid, stop: () => child.stop("SIGINT") };
}

async function started(connectionString: string, useListenNotify: boolean): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString, useListenNotify, max: POOL });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  return boss;
}

async function connect(address: string, isNotified: boolean): Promise<Connection> {
  const boss = await started(address, isNotified);
  const putAll = async (queue: string, bodies: readonly string[]) => {
    await boss.insert(
      queue,
      bodies.map((body) => ({ data: { body } })),
    );
  };
  const together = new Together(putAll);
  let batches = 0;
  return {
    async put(queue, body) {
      if (batches > 0) await together.put(queue, body);
      else await boss.send(queue, { body });
    },
    putAll,
    async consume(queue, handle) {
      const fetching = { batchSize: BATCH, localConcurrency: FETCHERS };
      // The shortest interval that it takes; a full batch is followed by the next at once.
      const polling = { pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
      // A batch is completed with one statement once all of it is handled.
      await boss.work<{ body: string }>(queue, { ...fetching, ...polling }, async (jobs) => {
        batches += 1;
        await Promise.all(jobs.map(({ data }) => handle(data.body)));
        batches -= 1;
      });
    },
  };
}

/** What is put in one turn of the event loop goes in with one statement, as a handler of batches would write it. */
class Together {
  readonly #putAll: (queue: string, bodies: readonly string[]) => Promise<void>;
  readonly #open = new Map<string, { bodies: string[]; stored: Promise<void> }>();

  constructor(putAll: (queue: string, bodies: readonly string[]) => Promise<void>) {
    this.#putAll = putAll;
  }

  put(queue: string, body: string): Promise<void> {
    const open = this.#open.get(queue) ?? this.#begin(queue);
    open.bodies.push(body);
    return open.stored;
  }

  #begin(queue: string) {
    const bodies: string[] = [];
    const stored = nextTurn().then(() => {
      this.#open.delete(queue);
      return this.#putAll(queue, bodies);
    });
    const begun = { bodies, stored };
    this.#open.set(queue, begun);
    return begun;
  }
}

const common = {
  durability: "fsync before each confirm",
  isDurable: true,
  requires: { program: "postgres", debianPackage: "postgresql" },
  version: async () => `PostgreSQL ${await versionOf("postgres", "--version")}, ${clientVersion("pg-boss")}`,
};

/** Polling has the throughput, for commits that notify wait for each other; notification has the latency. */
export const contenders: readonly Contender[] = [
  {
    ...common,
    name: "pg-boss",
    title: "pg-boss, polling",
    start: (directory) => start(directory, false),
    connect: (address) => connect(address, false),
  },
  {
    ...common,
    name: "pg-boss-notify",
    title: "pg-boss, notified",
    without: ["pipeline", "single-puts", "lone-puts", "batch-puts"],
    start: (directory) => start(directory, true),
    connect: (address) => connect(address, true),
  },
];
