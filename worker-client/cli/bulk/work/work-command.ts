/** `work`: works through a queue with a handler from a file. */
import { statSync } from "node:fs";
import nodeModule from "node:module";
import { resolve } from "node:path";
import type { Context } from "../../base/context.ts";
import { UsageError } from "../../base/exit.ts";
import { shownText } from "../../base/text.ts";
import { inThousands } from "../progress.ts";
import type { WorkFlags } from "./work-flags.ts";
import { WorkProcesses } from "./work-processes.ts";

/** Works until Ctrl-C, or until the queue was shut down and is empty. */
export async function work(context: Context, flags: WorkFlags, queue: string, file: string): Promise<void> {
  const { io, output, settings } = context;
  const path = resolve(io.folder, file);
  assertUsable(path, file, flags);
  // Said here, before processes are started for nothing: without a key, or with a name that no queue can have.
  (await context.manager()).queue(queue);
  const { concurrency = 1, processes: count = 1, watch = false, shutdownSeconds } = flags;
  const { prefetch, leaseSeconds, timeoutSeconds } = flags;
  const options = { concurrency, prefetch, leaseSeconds, timeoutSeconds };
  const total = { done: 0, failed: 0 };
  const log = (code: string, text: string) => void io.stderr.write(`${queue}, ${code}: ${shownText(text)}\n`);
  const processes = new WorkProcesses({
    task: { queue, path, file, ...options, tellsMessages: settings.json, tellsImports: watch },
    count,
    environment: environmentOf(context),
    watches: watch,
    log,
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
  const many = count === 1 ? "1 process works" : `${count} processes work`;
  output.note(`${many} on ${queue} with ${file}, ${concurrency} at a time. Ctrl-C finishes what is in hand.`);
  try {
    await processes.run();
  } finally {
    output.note(`${inThousands(total.done)} messages done, ${inThousands(total.failed)} attempts failed.`);
  }
}

/** @throws {UsageError} for a file that this Node cannot load as a handler */
function assertUsable(path: string, file: string, { watch = false }: WorkFlags): void {
  const version = process.version.slice(1);
  try {
    if (!statSync(path).isFile()) throw new UsageError(`The handler ${file} is a directory: give a file.`);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`The handler ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? error}).`);
  }
  if (/\.[mc]?ts$/.test(file) && !process.features.typescript) {
    throw new UsageError(
      `Node ${version} cannot load ${file}, which is TypeScript: use Node 22.18 or newer, or compile it to JavaScript.`,
    );
  }
  if (watch && !("registerHooks" in nodeModule)) {
    throw new UsageError(`--watch needs Node 22.15 or newer; this is Node ${version}.`);
  }
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
