// `npm run bulk-test`: puts, exports and imports 1,000,000 messages with the command line, killing it on the way, and
// checks that all are there, once. Prints the rate of puts beside that of the benchmark's batches, which it measures in
// turn, and the memory of the command line for a tenth of the messages and for all.
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { putInBatches } from "../../bench/roles/batches.ts";
import { tasks } from "../../bench/roles/task.ts";
import { buildWorker } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { type Queue, QueueManager } from "../../worker-client/src/index.ts";
import { measured } from "./bulk/measured-command.ts";

const MESSAGES = Number(process.env.MESSAGES ?? 1_000_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
/** Messages of one round of the benchmark. */
const BENCHMARK_MESSAGES = MESSAGES / 2;
const FEW = MESSAGES / 10;
const AUTHKEY = "bulk-test";

const folder = mkdtempSync(join(tmpdir(), "durable-queue-bulk-test-"));
const faults: string[] = [];

function check(isRight: boolean, fault: string): void {
  if (isRight) return;
  faults.push(fault);
  console.log(`FAULT: ${fault}`);
}

const rate = (count: number, seconds: number) => Math.round(count / seconds);
const shown = (count: number) => count.toLocaleString("en-US");
const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function writeLines(path: string, count: number): Promise<void> {
  const file = createWriteStream(path);
  for (let from = 0; from < count; from += 10_000) {
    const lines = tasks(from, Math.min(count, from + 10_000)).map((body) => `${JSON.stringify(body)}\n`);
    if (!file.write(lines.join(""))) await new Promise<void>((settle) => file.once("drain", settle));
  }
  file.end();
  await finished(file);
}

/** Checks that a file of an export has each message once, in order. */
async function checkExport(path: string, count: number): Promise<void> {
  const file = await open(path);
  let next = 0;
  for await (const line of file.readLines()) {
    if (Number.parseInt((JSON.parse(line) as { body: string }).body, 10) !== next) break;
    next += 1;
  }
  check(next === count, `${path} has ${next} messages in order, not ${count}`);
}

async function main(): Promise<number> {
  await buildWorker();
  const server = await Server.start({
    ...{ host: "127.0.0.1", port: 0, authkey: AUTHKEY },
    directory: new DataDirectory(join(folder, "server")),
  });
  const manager = new QueueManager({ address: server.address, authkey: AUTHKEY });
  const environment = { ...process.env, DURABLE_QUEUE_ADDRESS: server.address, DURABLE_QUEUE_AUTHKEY: AUTHKEY };
  const lines = join(folder, "lines.jsonl");
  const few = join(folder, "few.jsonl");
  try {
    await writeLines(lines, MESSAGES);
    await writeLines(few, FEW);
    await comparePuts(manager, environment, lines);
    await compareMemory(environment, lines, few);
    await interruptPuts(manager, environment, lines);
    await interruptExport(manager, environment);
    await interruptImport(manager, environment);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true });
  }
  console.log(faults.length === 0 ? "No faults." : `${faults.length} faults.`);
  return faults.length === 0 ? 0 : 1;
}

/** Rounds of the benchmark and of the command take turns. */
async function comparePuts(manager: QueueManager, environment: NodeJS.ProcessEnv, lines: string): Promise<void> {
  const bodies = tasks(0, BENCHMARK_MESSAGES);
  const [batches, puts]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const queue = manager.queue<string>(`benchmark-${round}`);
    const beganAt = performance.now();
    const connection = { putAll: (_: string, some: readonly string[]) => queue.putMany(some) };
    await putInBatches({ put: never, consume: never, ...connection }, "tasks", bodies);
    batches.push(rate(bodies.length, (performance.now() - beganAt) / 1_000));
    await queue.delete();
    const { seconds, status, errors } = await measured(["put", `put-${round}`], { environment, input: lines });
    check(status === 0, `a put ended with status ${status}: ${errors}`);
    puts.push(rate(MESSAGES, seconds));
    if (round > 0) await manager.queue(`put-${round}`).delete();
  }
  const [batch, put] = [median(batches), median(puts)];
  console.log(`the benchmark's batches   ${shown(batch)} puts/s   (${batches.map(shown).join(", ")})`);
  console.log(`put of ${shown(MESSAGES)} lines    ${shown(put)} puts/s   (${puts.map(shown).join(", ")})`);
  console.log(`put / batches             ${(put / batch).toFixed(2)}`);
  check(put >= batch / 2, "lines are put at less than half of the benchmark's rate");
}

async function never(): Promise<never> {
  throw new Error("The benchmark of batches does nothing else.");
}

async function compareMemory(environment: NodeJS.ProcessEnv, lines: string, few: string): Promise<void> {
  const run = async (count: number, input: string) => {
    const queue = `memory-${count}`;
    const path = join(folder, `${queue}.jsonl`);
    const put = await measured(["put", queue, "--checkpoint", `${path}.put`], { environment, input });
    const exported = await measured(["export", queue, "--resume", path], { environment });
    const imported = await measured(["import", `${queue}-copy`, path], { environment });
    await checkExport(path, count);
    const figures = [put, exported, imported].map(({ seconds, peakMib }) => {
      return `${shown(rate(count, seconds))}/s ${Math.round(peakMib)} MiB`;
    });
    console.log(`${shown(count).padStart(9)} messages: put ${figures[0]}, export ${figures[1]}, import ${figures[2]}`);
  };
  await run(FEW, few);
  await run(MESSAGES, lines);
}

/** How many messages a queue has, as it is known a moment later. */
class WatchedSize {
  latest = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(queue: Queue) {
    this.#timer = setInterval(async () => {
      this.latest = await queue.qsize();
    }, 50);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Killed once, and interrupted once, each after a third of the lines. */
async function interruptPuts(manager: QueueManager, environment: NodeJS.ProcessEnv, input: string): Promise<void> {
  const queue = manager.queue("interrupted");
  const args = ["put", queue.name, "--checkpoint", join(folder, "interrupted.put")];
  for (const [signal, part] of [
    ["SIGKILL", 1 / 3],
    ["SIGINT", 2 / 3],
  ] as const) {
    const size = new WatchedSize(queue);
    const endsBy = { signal, isTime: () => size.latest > MESSAGES * part };
    const { errors } = await measured(args, { environment, input, endsBy });
    size.stop();
    console.log(`put, ended by ${signal} with ${shown(await queue.qsize())} messages in the queue. ${errors.trim()}`);
  }
  const { status, errors } = await measured(args, { environment, input });
  check(status === 0, `the put that goes on ended with status ${status}: ${errors}`);
  const { accepted } = await queue.describe();
  check(accepted === MESSAGES, `${accepted} messages were put, not ${MESSAGES}`);
}

async function interruptExport(manager: QueueManager, environment: NodeJS.ProcessEnv): Promise<void> {
  const path = join(folder, "interrupted.jsonl");
  const args = ["export", manager.queue("interrupted").name, "--resume", path];
  const whole = statSync(join(folder, `memory-${MESSAGES}.jsonl`)).size;
  for (const [signal, part] of [
    ["SIGKILL", 1 / 3],
    ["SIGINT", 2 / 3],
  ] as const) {
    const isFar = () => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > whole * part;
    const { errors } = await measured(args, { environment, endsBy: { signal, isTime: isFar } });
    console.log(`export, ended by ${signal} with ${shown(statSync(path).size)} bytes in the file. ${errors.trim()}`);
  }
  const { status, errors } = await measured(args, { environment });
  check(status === 0, `the export that goes on ended with status ${status}: ${errors}`);
  await checkExport(path, MESSAGES);
}

async function interruptImport(manager: QueueManager, environment: NodeJS.ProcessEnv): Promise<void> {
  const queue = manager.queue("imported");
  const path = join(folder, "interrupted.jsonl");
  const args = ["import", queue.name, path, "--checkpoint", join(folder, "imported.put")];
  const size = new WatchedSize(queue);
  await measured(args, { environment, endsBy: { signal: "SIGKILL", isTime: () => size.latest > MESSAGES / 2 } });
  size.stop();
  const { status, errors } = await measured(args, { environment });
  check(status === 0, `the import that goes on ended with status ${status}: ${errors}`);
  const copy = join(folder, "copy.jsonl");
  await measured(["export", queue.name, "--resume", copy], { environment });
  await checkExport(copy, MESSAGES);
}

process.exitCode = await main();
