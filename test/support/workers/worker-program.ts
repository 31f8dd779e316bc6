/**
 * A worker in a process of its own, so that a test can block, freeze and kill it. What a message is worked on with is in
 * its item. It says what happens as lines of JSON.
 *
 * Run as `node --conditions=durable-queue-source worker-program.ts '{"address", "authkey", "queue", "work"?: {…}}'`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Message, QueueManager, type WorkOptions } from "../../../worker-client/src/index.ts";

/** What a handler does with a message, in this order. */
export interface Task {
  name: string;
  /** Keeps the event loop for so many milliseconds. */
  blockMs?: number;
  /** Takes so many milliseconds without keeping it. */
  sleepMs?: number;
  /** Kills the process: at once, as a crash in native code would. */
  kills?: boolean;
  /** How many of the first attempts fail. */
  fails?: number;
}

/** One line of what a worker says. `at` is its clock, in milliseconds since 1970. */
export type Said =
  | { what: "ready" }
  | { what: "begin" | "end" | "lost"; name: string; id: string; attempt: number; at: number }
  | { what: "error"; code: string; text: string; name?: string | undefined; at: number }
  | { what: "closed"; at: number };

interface Settings {
  address: string;
  authkey: string;
  queue: string;
  transport?: "websocket" | "http";
  work?: WorkOptions;
  /** Whether it has no listener of SIGTERM of its own. */
  leavesSignals?: boolean;
}

function say(said: Said): void {
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

/** Keeps the event loop without using the processor, which others need. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function handle({ item, id, attempt, signal }: Message<Task>): Promise<void> {
  const { name, blockMs, sleepMs, kills, fails = 0 } = item;
  const about = { name, id, attempt };
  say({ what: "begin", ...about, at: Date.now() });
  signal.addEventListener("abort", () => say({ what: "lost", ...about, at: Date.now() }));
  if (kills) process.kill(process.pid, "SIGKILL");
  if (blockMs !== undefined) block(blockMs);
  if (sleepMs !== undefined) await sleep(sleepMs);
  say({ what: "end", ...about, at: Date.now() });
  if (attempt <= fails) throw new Error(`attempt ${attempt} of ${name} fails`);
}

const { positionals } = parseArgs({ allowPositionals: true });
const { queue, work, leavesSignals = false, ...rest } = JSON.parse(positionals[0] as string) as Settings;
const manager = new QueueManager(rest);
const worker = manager.queue<Task>(queue).work(handle, {
  ...work,
  onError: (error, message) => {
    const { code = "", message: text } = error as { code?: string; message: string };
    say({ what: "error", code, text, name: (message as Message<Task> | undefined)?.item.name, at: Date.now() });
  },
});
if (!leavesSignals) process.once("SIGTERM", () => void worker.close());
say({ what: "ready" });
await worker.finished;
say({ what: "closed", at: Date.now() });
await manager.close();
