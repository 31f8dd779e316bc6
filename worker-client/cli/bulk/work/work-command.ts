/** `work`: works through a queue with a handler, or the tasks, of a file. */
import { existsSync } from "node:fs";
import nodeModule from "node:module";
import { resolve } from "node:path";
import type { Context } from "../../base/context.ts";
import { UsageError } from "../../base/exit.ts";
import { shownText } from "../../base/text.ts";
import { modulePath } from "../modules/module-file.ts";
import { inThousands } from "../progress.ts";
import type { FromProcess } from "./process-messages.ts";
import type { WorkFlags } from "./work-flags.ts";
import { WorkProcesses } from "./work-processes.ts";

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
  const { concurrency = 1, processes: count = 1, watch = false, shutdownSeconds } = flags;
  if (queueName === undefined) assertFile(context, file);
  const path = modulePath(context, file, "The handler");
  if (watch) assertWatchable();
  // Said here, before processes are started for nothing: without a key, or with a name that no queue can have.
  const manager = await context.manager();
  if (queueName !== undefined) manager.queue(queueName);
  const { prefetch, leaseSeconds, timeoutSeconds } = flags;
  const options = { concurrency, prefetch, leaseSeconds, timeoutSeconds };
  const total = { done: 0, failed: 0 };
  let place = queueName ?? file;
  const log = (code: string, text: string) => void io.stderr.write(`${place}, ${code}: ${shownText(text)}\n`);
  const told = new Announcement(context, flags, file, log);
  const processes = new WorkProcesses({
    task: { queue: queueName, path, file, ...options, tellsMessages: settings.json, tellsImports: watch },
    count,
    environment: environmentOf(context),
    watches: watch,
    log,
    ready: (message) => {
      place = message.queue;
      told.tell(message);
    },
    finished: ({ done, failed, lines }) => {
      total.done += done;
      total.failed += failed;
      if (lines.length > 0) void output.raw(`${lines.join("\n")}\n`);
    },
  });
  io.endByItself({ again: () => processes.end() });
  const stop = () => {
    const limit = shutdownSeconds === undefined ? "" : `, for ${shutdownSeconds} seconds at most`;
    log("stopping", `Messages in hand are finished${limit}. A second Ctrl-C gives them back at once.`);
    processes.stop(shutdownSeconds);
  };
  context.signal.addEventListener("abort", stop, { once: true });
  if (context.signal.aborted) processes.stop(0);
  try {
    await processes.run();
  } finally {
    output.note(`${inThousands(total.done)} messages done, ${inThousands(total.failed)} attempts failed.`);
  }
}

/** Says what the processes work on: when they begin, and whenever it is another set of tasks. */
class Announcement {
  readonly #context: Context;
  readonly #flags: WorkFlags;
  readonly #file: string;
  readonly #log: (code: string, text: string) => void;
  #isTold = false;
  #tasks = "";

  constructor(context: Context, flags: WorkFlags, file: string, log: (code: string, text: string) => void) {
    this.#context = context;
    this.#flags = flags;
    this.#file = file;
    this.#log = log;
  }

  tell({ queue, tasks }: Extract<FromProcess, { kind: "ready" }>): void {
    const names = (tasks ?? []).join(", ");
    // In a log too: a task that is missing there is one that the module does not export.
    if (tasks !== undefined && names !== this.#tasks) this.#log("serving", `${names}.`);
    this.#tasks = names;
    if (this.#isTold) return;
    this.#isTold = true;
    const { processes = 1, concurrency = 1 } = this.#flags;
    const many = processes === 1 ? "1 process works" : `${processes} processes work`;
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

/** The environment of the processes: a client in the handler finds the same server. */
function environmentOf({ io, settings }: Context): NodeJS.ProcessEnv {
  const { address, authkey, allowPlainHttp } = settings;
  return {
    ...io.environment,
    DURABLE_QUEUE_ADDRESS: address,
    DURABLE_QUEUE_AUTHKEY: authkey,
    ...(allowPlainHttp ? { DURABLE_QUEUE_ALLOW_PLAIN_HTTP: "1" } : {}),
  };
}
