/**
 * A producer in a process of its own: it puts tasks and makes calls with deadlines, until it is told to end, and says of
 * each how it ended and how long that took.
 *
 * Run as `node --conditions=durable-queue-source producer-program.ts '{"address", "authkey", "queue", "side", "seed", "name"}'`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Empty, Full, type QueueError, QueueManager, Unavailable } from "../../worker-client/src/index.ts";
import { Random } from "../support/random.ts";
import type { Task } from "../support/workers/worker-program.ts";

/** One line of what a producer says. */
export type ProducerSaid =
  | { what: "trying"; name: string; task: Task }
  | { what: "put"; name: string; id: string }
  | { what: "unknown"; name: string }
  /** `lateMs`: by how much it ended after its deadline, less the time for which the process stood still. */
  | { what: "call"; call: string; outcome: string; lateMs: number }
  | { what: "finished" };

interface Settings {
  address: string;
  authkey: string;
  queue: string;
  /** A queue that is empty, for calls that wait in vain. */
  side: string;
  seed: number;
  name: string;
}

/** What `block: false` may take: see `NOWAIT_SECONDS` of the client. */
const NOWAIT_MS = 2_000;
const BEAT_MS = 20;

const { positionals } = parseArgs({ allowPositionals: true });
const settings = JSON.parse(positionals[0] as string) as Settings;
const random = new Random(settings.seed);
const { address, authkey } = settings;
const manager = new QueueManager({ address, authkey, retrySeconds: 30 });
const tasks = manager.queue<Task>(settings.queue);
const side = manager.queue<number>(settings.side);
let isOver = false;
process.once("SIGTERM", () => {
  isOver = true;
});

function say(said: ProducerSaid): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

/** For how long the process stood still in all, beyond what its timers take anyway. */
let stoodStillMs = 0;
let beatAt = performance.now();
setInterval(() => {
  const now = performance.now();
  stoodStillMs += Math.max(0, now - beatAt - 2 * BEAT_MS);
  beatAt = now;
}, BEAT_MS).unref();

function stoodStill(): number {
  return stoodStillMs + Math.max(0, performance.now() - beatAt - 2 * BEAT_MS);
}

/** Makes a call that has a deadline, and says how it went. */
async function timed<Value>(call: string, deadlineMs: number, run: () => Promise<Value>): Promise<Value | undefined> {
  const beganAt = performance.now();
  const stoodBefore = stoodStill();
  let outcome = "ok";
  let value: Value | undefined;
  try {
    value = await run();
  } catch (error) {
    const isExpected = error instanceof Empty || error instanceof Full || error instanceof Unavailable;
    outcome = isExpected ? error.code : `${(error as QueueError).code ?? ""} ${String(error)}`;
  }
  const lateMs = performance.now() - beganAt - (stoodStill() - stoodBefore) - deadlineMs;
  say({ what: "call", call, outcome, lateMs: Math.max(0, Math.round(lateMs)) });
  return value;
}

/** Mostly quick work, some that sleeps, blocks or fails, and a few that never succeed. */
function nextTask(name: string): Task {
  const kind = random.integer(100);
  if (kind < 60) return { name };
  if (kind < 75) return { name, sleepMs: random.integer(1_000) };
  if (kind < 88) return { name, blockMs: random.integer(1_200) };
  if (kind < 98) return { name, fails: 1 + random.integer(3) };
  if (kind < 99) return { name: `${name}-hopeless`, fails: 1_000 };
  return { name: `${name}-poison`, kills: true };
}

async function put(count: number): Promise<void> {
  const task = nextTask(`${settings.name}-${count}`);
  const { name } = task;
  say({ what: "trying", name, task });
  const way = random.integer(3);
  const timeoutSeconds = 0.2 + random.fraction() * 3;
  const id =
    way === 0
      ? await tasks.put(task).catch(() => undefined)
      : way === 1
        ? await timed("put", timeoutSeconds * 1_000, () => tasks.put(task, { timeoutSeconds }))
        : await timed("putNowait", NOWAIT_MS, () => tasks.putNowait(task));
  say(id === undefined ? { what: "unknown", name } : { what: "put", name, id });
}

async function wait(): Promise<void> {
  const timeoutSeconds = random.fraction() * 2;
  const deadlineMs = timeoutSeconds * 1_000;
  const way = random.integer(5);
  if (way === 0) await timed("get", deadlineMs, () => side.get({ timeoutSeconds }));
  else if (way === 1) await timed("receive", deadlineMs, () => side.receive({ timeoutSeconds }));
  else if (way === 2) await timed("getNowait", NOWAIT_MS, () => side.getNowait());
  else if (way === 3) await timed("join", deadlineMs, () => tasks.join({ timeoutSeconds }));
  else {
    const signal = AbortSignal.timeout(Math.round(deadlineMs));
    await timed("get with a signal", deadlineMs, async () => {
      await side.get({ signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    });
  }
}

for (let count = 0; !isOver; count += 1) {
  await Promise.all([put(count), random.chance(0.4) ? wait() : undefined]);
  await sleep(random.integer(250));
}
await manager.close();
say({ what: "finished" });
