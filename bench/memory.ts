// `npm run bench:memory`: how much memory the core of a queue takes when a million messages wait, after it was restored
// and after it has served some, counted by V8 after a collection of garbage. The resident memory of a server says less: it
// includes garbage that is not collected yet, and the memory of SQLite.
import { execFileSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { NewMessage } from "../src/queue/base/commands.ts";
import { DEFAULT_CONFIGURATION } from "../src/queue/base/configuration.ts";
import { Queue } from "../src/queue/queue.ts";
import { MemoryRows } from "../test/support/core/memory-rows.ts";

const MESSAGES = Number(process.env.MESSAGES ?? 1_000_000);
/** Puts that share a commit, like those of as many concurrent callers. */
const CALLERS = 40;
const NOW = 1_800_000_000_000;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

interface Kind {
  title: string;
  message(number: number): Partial<NewMessage>;
  isKeyed?: boolean;
}

const KINDS: Kind[] = [
  { title: "ready", message: () => ({}) },
  { title: "ready, each under a valid idempotency key", message: () => ({}), isKeyed: true },
  { title: "delayed, each for another time", message: (number) => ({ delayMs: 86_400_000 + number }) },
  { title: "in 1,000 groups", message: (number) => ({ group: `group-${number % 1_000}` }) },
  { title: "in 100,000 groups", message: (number) => ({ group: `group-${number % 100_000}` }) },
];

function fill(rows: MemoryRows, { message, isKeyed = false }: Kind): void {
  const queue = new Queue("i", rows);
  for (let number = 0; number < MESSAGES; ) {
    queue.advance(NOW);
    for (let caller = 0; caller < CALLERS && number < MESSAGES; caller += 1, number += 1) {
      const content = `"body":"${String(number).padStart(98, "x")}"`;
      const idempotencyKey = isKeyed ? `${String(number).padStart(8, "0")}-0000-4000-8000-000000000000` : undefined;
      const messages = [{ content, priority: 100, delayMs: 0, ...message(number) }];
      queue.apply(number, { verb: "put", messages, timeoutMs: 0, idempotencyKey }, NOW);
    }
    const commit = queue.takeCommit();
    if (commit !== undefined) rows.write(commit);
    queue.takeResults();
  }
}

/** Receives and acks a part of them, so that states and payloads are in memory too. */
function serve(queue: Queue, rows: MemoryRows): void {
  for (let round = 0; round < 1_000; round += 1) {
    queue.advance(NOW);
    queue.apply(1, { verb: "receive", max: 10, timeoutMs: 0, autoAck: round % 2 === 0 }, NOW);
    const commit = queue.takeCommit();
    if (commit !== undefined) rows.write(commit);
    queue.takeResults();
  }
}

/** Runs in a process of its own, so that nothing of another kind is counted. */
async function measure(kind: Kind): Promise<void> {
  const rows = new MemoryRows();
  fill(rows, kind);
  const stored = rows.load();
  // Until here the stack still refers to the queue that filled the rows.
  await new Promise((settle) => setTimeout(settle));
  const before = usedBytes();
  const origin = { generation: "i", configuration: DEFAULT_CONFIGURATION, ...(stored && { stored }) };
  const queue = new Queue(origin, rows);
  const restored = usedBytes() - before;
  serve(queue, rows);
  const served = usedBytes() - before;
  console.log(`${kind.title}: ${toMiB(restored)}, ${toMiB(served)}`);
  // Used once more, so that it cannot have been collected before.
  queue.advance(NOW);
}

function toMiB(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

const kind = KINDS.find(({ title }) => title === process.argv[2]);
if (kind !== undefined) {
  await measure(kind);
} else {
  console.log(`${MESSAGES} messages of 100 bytes; MiB of the queue when it was restored, and when it has served some`);
  const program = ["--max-old-space-size=4000", import.meta.filename];
  for (const { title } of KINDS) execFileSync(process.execPath, [...program, title], { stdio: "inherit" });
}
