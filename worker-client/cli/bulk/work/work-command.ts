/** `work`: works through a queue with a handler, or the tasks, of a file. */
import { existsSync } from "node:fs";
import nodeModule from "node:module";
import { extname, resolve } from "node:path";
import type { Message, QueueError, Worker } from "../../../src/index.ts";
import type { Context } from "../../base/context.ts";
import { UsageError } from "../../base/exit.ts";
import { shownText } from "../../base/text.ts";
import { modulePath } from "../modules/module-file.ts";
import { inThousands } from "../progress.ts";
import { FinishedLines } from "./finished-lines.ts";
import type { WorkFlags } from "./work-flags.ts";
import { type LoopOptions, WorkLoop } from "./work-loop.ts";

/** The program of the threads and processes: beside this module, in TypeScript or built. */
const PROGRAM = new URL(`./work-runner${extname(import.meta.url)}`, import.meta.url);

/** The descriptor of standard error. */
const STANDARD_ERROR = 2;

type Log = (code: string, text: string) => void;

/**
 * Works until Ctrl-C, or until the queue was shut down and is empty.
 *
 * @param queueName undefined where the tasks of the file say it
 */
export async function work(
  context: Context,
  flags: WorkFlags,
  queueName: string | undefined,
  file: string,
): Promise<void> {
  const { io, output, settings } = context;
  const { watch = false, shutdownSeconds, prefetch, leaseSeconds, timeoutSeconds } = flags;
  if (queueName === undefined) assertFile(context, file);
  const path = modulePath(context, file, "The handler");
  if (watch) assertWatchable();
  // Said here, before processes are started for nothing: without a key, or with a name that no queue can have.
  const manager = await context.manager({ transport: "websocket" });
  if (queueName !== undefined) manager.queue(queueName);
  const finished = new FinishedLines(settings.json ? (lines) => void output.raw(lines) : undefined);
  let place = queueName ?? file;
  const log: Log = (code, text) => void io.stderr.write(`${place}, ${code}: ${shownText(text)}\n`);
  const announcement = new Announcement(context, flags, file, log);
  const loop = new WorkLoop({
    manager,
    worker: { prefetch, leaseSeconds, timeoutSeconds },
    isolation: isolationOf(context, flags),
    data: { queue: queueName, path, file, tellsImports: watch, printsToErrors: settings.json },
    watches: watch,
    log,
    began: (worker, queue, tasks) => {
      place = queue;
      finished.listenTo(worker);
      logTroubles(worker, log);
      announcement.tell(queue, tasks);
    },
  });
  io.endByItself({ again: () => loop.end() });
  const stop = () => {
    const limit = shutdownSeconds === undefined ? "" : `, for ${shutdownSeconds} seconds at most`;
    log("stopping", `Messages in hand are finished${limit}. A second Ctrl-C gives them back at once.`);
    loop.stop(shutdownSeconds);
  };
  context.signal.addEventListener("abort", stop, { once: true });
  if (context.signal.aborted) loop.stop(0);
  try {
    await loop.run();
  } finally {
    finished.flush();
    output.note(`${inThousands(finished.done)} messages done, ${inThousands(finished.failed)} attempts failed.`);
  }
}

/** How handlers are run. A client in the handler finds the same server. */
function isolationOf({ io, settings }: Context, flags: WorkFlags): LoopOptions["isolation"] {
  const { isolation = "processes", processes = 1, maxTasksPerProcess, concurrency = 1, prefetch } = flags;
  const { address, authkey, allowPlainHttp } = settings;
  return {
    isolation,
    processes,
    maxTasksPerProcess,
    concurrency,
    sendsAhead: prefetch === undefined,
    program: PROGRAM,
    environment: {
      ...io.environment,
      DURABLE_QUEUE_ADDRESS: address,
      DURABLE_QUEUE_AUTHKEY: authkey,
      ...(allowPlainHttp ? { DURABLE_QUEUE_ALLOW_PLAIN_HTTP: "1" } : {}),
    },
    // Lines of JSON are the command's own: what the handler prints goes to standard error.
    output: settings.json ? STANDARD_ERROR : undefined,
  };
}

/** What goes wrong beside handlers, whose errors the worker prints. */
function logTroubles(worker: Worker, log: Log): void {
  worker.on("crashed", ({ kind, id, reason, restartSeconds }) => {
    const what = kind === "process" ? "Process" : "Thread";
    const next = restartSeconds === undefined ? "" : ` Another one begins in ${restartSeconds} seconds.`;
    log("process_died", `${what} ${id} ${reason}.${next}`);
  });
  worker.on("error", ({ error, message }) => {
    const { code = "failed" } = error as Partial<QueueError>;
    log(code, `${aboutMessage(message)}${error instanceof Error ? error.message : String(error)}`);
  });
}

function aboutMessage(message: Message<unknown> | undefined): string {
  return message === undefined ? "" : `Message ${message.id}, attempt ${message.attempt}: `;
}

/** Says what the processes work on: when they begin, and whenever it is another set of tasks. */
class Announcement {
  readonly #context: Context;
  readonly #flags: WorkFlags;
  readonly #file: string;
  readonly #log: Log;
  #isTold = false;
  #tasks = "";

  constructor(context: Context, flags: WorkFlags, file: string, log: Log) {
    this.#context = context;
    this.#flags = flags;
    this.#file = file;
    this.#log = log;
  }

  tell(queue: string, tasks: readonly string[] | undefined): void {
    const names = (tasks ?? []).join(", ");
    // In a log too: a task that is missing there is one that the module does not export.
    if (tasks !== undefined && names !== this.#tasks) this.#log("serving", `${names}.`);
    this.#tasks = names;
    if (this.#isTold) return;
    this.#isTold = true;
    const { processes = 1, concurrency = 1, isolation = "processes" } = this.#flags;
    const one = isolation === "threads" ? "thread" : "process";
    const many = processes === 1 ? `1 ${one} works` : `${processes} ${isolation} work`;
    this.#context.output.note(
      `${many} on ${queue} with ${this.#file}, ${concurrency} at a time. Ctrl-C finishes what is in hand.`,
    );
  }
}

/** @throws {UsageError} for what is the name of a queue, and no file */
function assertFile({ io }: Context, file: string): void {
  if (existsSync(resolve(io.folder, file)) || /[/\\]|\.[cm]?[jt]s$/.test(file)) return;
  throw new UsageError(
    `There is no file ${file}. If it is a queue, name the file of its handler too: durable-queue work ${file} ./handler.ts`,
  );
}

/** @throws {UsageError} where this Node cannot tell what a module imports */
function assertWatchable(): void {
  if ("registerHooks" in nodeModule) return;
  throw new UsageError(`--watch needs Node 22.15 or newer; this is Node ${process.version.slice(1)}.`);
}
