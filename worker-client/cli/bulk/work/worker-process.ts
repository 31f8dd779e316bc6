/** One process of `work`: loads the handler and works through the queue, until it is told to end. */
import nodeModule from "node:module";
import { fileURLToPath } from "node:url";
import { type Message, QueueError, QueueManager, type Worker } from "../../../src/index.ts";
import { UnusableModule } from "../../../src/isolation/runner/load-module.ts";
import { FinishedMessages } from "./finished-messages.ts";
import { type LoadedWork, loadWork } from "./load-work.ts";
import type { FromProcess, ProcessTask, ToProcess } from "./process-messages.ts";
import { servedTasks, withTelling } from "./told-tasks.ts";

/** How long messages that are in hand may take to be given back, in seconds. */
const GIVE_BACK_SECONDS = 2;

const task: ProcessTask = JSON.parse(process.argv[2] ?? "{}");
const running = new Set<Message<unknown>>();
const finished = new FinishedMessages(task.tellsMessages, (message) => tell(message));
const manager = new QueueManager();
/** Whether it was told to finish what is in hand. */
let isStopping = false;
/** Whether it gives back what is in hand. */
let isEnding = false;

function tell(message: FromProcess): void {
  if (process.connected) process.send?.(message);
}

/** Ends the process when everything was told. */
function leave(status: number): void {
  finished.flush();
  if (!process.connected) process.exit(status);
  process.once("disconnect", () => process.exit(status));
  process.disconnect();
}

function tellImports(): void {
  let paths: string[] = [];
  nodeModule.registerHooks({
    load(url, context, next) {
      if (url.startsWith("file:")) {
        if (paths.length === 0) {
          setImmediate(() => {
            tell({ kind: "imports", paths });
            paths = [];
          });
        }
        paths.push(fileURLToPath(url));
      }
      return next(url, context);
    },
  });
}

/** Runs the handler of a message, and tells what became of it. */
async function handle<Result>(message: Message<unknown>, run: () => Result, job?: string): Promise<Awaited<Result>> {
  const beganAt = performance.now();
  running.add(message);
  try {
    const result = await run();
    finished.add(message, job, performance.now() - beganAt);
    return result;
  } catch (error) {
    finished.add(message, job, performance.now() - beganAt, { error });
    throw error;
  } finally {
    running.delete(message);
  }
}

/** Gives back what is in hand, as if it had not been begun, and ends. */
async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  const givenBack = [...running].map((message) => message.release({ retrySeconds: GIVE_BACK_SECONDS }));
  // What cannot be given back is redelivered when its lease ends.
  await Promise.allSettled(givenBack);
  await manager.close({ timeoutSeconds: 0 });
  leave(0);
}

async function stop(timeoutSeconds: number | undefined): Promise<void> {
  isStopping = true;
  if (timeoutSeconds !== undefined) setTimeout(() => void end(), timeoutSeconds * 1_000).unref();
  await manager.close();
  if (!isEnding) leave(0);
}

function workerOf(work: LoadedWork): Worker {
  const { concurrency, prefetch, leaseSeconds, timeoutSeconds } = task;
  const options = { concurrency, prefetch, leaseSeconds, timeoutSeconds };
  if (work.registry !== undefined) return manager.work(withTelling(work.registry, handle), options);
  const { queue, handler } = work;
  const run = (message: Message<unknown>) => () => {
    return handler(message, {
      get signal() {
        return message.signal;
      },
    });
  };
  return manager.queue(queue).work((message) => handle(message, run(message)), options);
}

async function main(): Promise<void> {
  if (task.tellsImports) tellImports();
  const work = await loadWork(task.path, task.file, task.queue);
  const worker = workerOf(work);
  tell({ kind: "ready", queue: work.queue, tasks: work.registry && servedTasks(work.registry) });
  await worker.finished;
  if (isStopping || isEnding) return;
  tell({ kind: "over" });
  leave(0);
}

process.on("message", (message: ToProcess) => {
  void (message.kind === "end" ? end() : stop(message.timeoutSeconds));
});
// A handler works on where no program reads what it prints any more.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
// Ctrl-C in a terminal reaches all processes; the command says what this one is to do.
process.on("SIGINT", () => undefined);
process.on("SIGHUP", () => undefined);
process.on("SIGTERM", () => void stop(undefined));
// The command has ended without a word.
process.on("disconnect", () => void stop(undefined));

try {
  await main();
} catch (error) {
  if (error instanceof UnusableModule) tell({ kind: "unusable", message: error.message, status: error.status });
  else {
    const code = error instanceof QueueError ? error.code : "failed";
    tell({ kind: "refused", message: error instanceof Error ? error.message : String(error), code });
  }
  leave(1);
}
