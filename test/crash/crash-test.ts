// `npm run crash-test`: kills the server with SIGKILL again and again at random moments, 50 times unless KILLS says
// otherwise, while four clients put, receive and ack. Then everything is drained and held against what was
// acknowledged. The random moments come from a printed seed; what the clients do in them depends on the machine.
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { type Message, type Queue, type QueueDescription, QueueManager } from "durable-queue";
import { buildWorker } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { Random } from "../support/random.ts";
import { CrashHistory, type Delivery } from "./history.ts";
import { numberOf, received } from "./received.ts";

const KILLS = Number(process.env.KILLS ?? 50);
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32));
const CLIENTS = 4;
const AUTHKEY = "crash-test";
/** Short, so that what a crash left leased comes back while the test runs. */
const LEASE_SECONDS = 1;

const random = new Random(SEED);
const history = new CrashHistory();
const directory = new DataDirectory(mkdtempSync(`${tmpdir()}/durable-queue-crash-`));
let isLoadOn = true;

/** Puts single messages and batches as fast as they are acknowledged. */
async function produce(queue: Queue<string>, client: number): Promise<void> {
  for (let count = 0; isLoadOn; count += 1) {
    const size = count % 5 === 0 ? 10 : 1;
    const values = Array.from({ length: size }, (_, index) => `${client}.${count}.${index}`);
    for (const value of values) history.putAttempted(value);
    const ids = await queue.putMany(values);
    for (const [index, value] of values.entries()) history.putAcknowledged(value, ids[index] as string);
  }
}

/** Receives and acks. Some messages it forgets while the load is on, as a worker that dies does. */
async function consume(queue: Queue<string>): Promise<void> {
  const ackedBefore = history.acked;
  const messages = await received(queue, { max: 8, leaseSeconds: LEASE_SECONDS, timeoutSeconds: 0.5 });
  for (const message of messages) history.delivered(deliveryOf(message), ackedBefore);
  await Promise.all(
    messages.map(async (message) => {
      const isForgotten = isLoadOn && random.chance(0.05);
      if (!isForgotten && (await message.ack())) history.ackAcknowledged(message.item, numberOf(message));
    }),
  );
}

async function consumeWhileLoadIsOn(queue: Queue<string>): Promise<void> {
  while (isLoadOn) await consume(queue);
}

/** Consumes until nothing is left, also of what was leased to a client that died. */
async function drain(queue: Queue<string>): Promise<QueueDescription> {
  for (;;) {
    const description = await queue.describe();
    if (description.unfinished === 0) return description;
    await consume(queue);
  }
}

function deliveryOf(message: Message<string>): Delivery {
  const { item, id, attempt } = message;
  const endsAt = message.leaseEndsAt.getTime();
  const lease = { number: numberOf(message), leasedAt: endsAt - LEASE_SECONDS * 1_000, leaseEndsAt: endsAt };
  return { value: item, id, attempt, isBegun: true, ...lease };
}

/** Opens a copy of every database, as SQLite itself would after the crash. */
function assertIntegrity(): number {
  const copy = mkdtempSync(`${tmpdir()}/durable-queue-crash-copy-`);
  try {
    cpSync(directory.path, copy, { recursive: true, filter: (path) => !path.endsWith(".sock") });
    const files = readdirSync(copy, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sqlite"));
    for (const file of files) {
      const database = new DatabaseSync(`${copy}/${file}`);
      const result = database.prepare("PRAGMA integrity_check").get()?.integrity_check;
      database.close();
      if (result !== "ok") throw new Error(`${file} is damaged: ${String(result)}`);
    }
    return files.length;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

async function killAgainAndAgain(first: Server): Promise<Server> {
  let server = first;
  const port = Number(new URL(first.address).port);
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const uptimeMs = random.integer(800);
    await sleep(uptimeMs);
    await server.kill();
    const databases = assertIntegrity();
    const killedAt = performance.now();
    server = await Server.start({ host: "127.0.0.1", port, authkey: AUTHKEY, directory });
    const restartMs = Math.round(performance.now() - killedAt);
    console.log(
      `kill ${kill}/${KILLS} after ${uptimeMs} ms: ${databases} databases ok, back in ${restartMs} ms, ` +
        `${history.acknowledged} puts and ${history.acked} acks acknowledged so far`,
    );
  }
  return server;
}

function report({ accepted, done, unfinished, rowsWritten }: QueueDescription): void {
  const { isClean, ...verdict } = history.verdict();
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(`\n${KILLS} kills in ${seconds.toFixed(0)} s, ${CLIENTS} clients, SEED=${SEED}`);
  for (const [name, value] of Object.entries(verdict)) {
    if (typeof value === "number") console.log(`${name.padEnd(16)} ${value}`);
    else console.log(`${name.padEnd(16)} ${value.length} ${value.slice(0, 10).join(" ")}`);
  }
  console.log(
    `the queue says   ${accepted} accepted, ${done} done, ${unfinished} unfinished, ${rowsWritten} rows written`,
  );
  const doesQueueAgree = accepted >= history.acknowledged && accepted === done && unfinished === 0;
  const isGood = isClean && doesQueueAgree;
  console.log(isGood ? "Nothing acknowledged was lost or undone." : "A PROMISE WAS BROKEN.");
  process.exitCode = isGood ? 0 : 1;
}

console.log(`SEED=${SEED} KILLS=${KILLS}`);
await buildWorker();
const startedAt = performance.now();
let server = await Server.start({ host: "127.0.0.1", port: 0, authkey: AUTHKEY, directory });
try {
  const queues = Array.from({ length: CLIENTS }, () =>
    new QueueManager({ address: server.address, authkey: AUTHKEY }).queue<string>("crash"),
  );
  // Dead messages are not redriven here, and a lapsed message is visible at once.
  await queues[0]?.configure({ maxAttempts: 0, retryDelaySeconds: 0 });
  const load = queues.flatMap((queue, client) => [produce(queue, client), consumeWhileLoadIsOn(queue)]);
  const kills = killAgainAndAgain(server).then((last) => {
    server = last;
    isLoadOn = false;
  });
  await Promise.all([kills, ...load]);
  const [queue] = queues as [Queue<string>];
  report(await drain(queue));
} finally {
  await server.stop();
  rmSync(directory.path, { recursive: true });
}
