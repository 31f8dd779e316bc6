import type { ServeFlags } from "../../../src/local/settings.ts";
import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { Failure, UsageError } from "../base/exit.ts";

/** How often the process of npm is checked, in milliseconds. */
const PARENT_POLL_MS = 500;

/** `dev` and `serve`: a server on this machine. */
export function addServe(program: CliCommand, act: Act): void {
  addPlaceFlags(program.command("dev"))
    .summary("Run a server here for development, and print its address and key.")
    .description(
      "Run a server on this machine for development: it keeps its queues in .data, and prints its address and key. Other commands in this folder find it by themselves. The key is made at the first start; the variable AUTHKEY sets another. Needs the package workerd: npm install workerd.",
    )
    .example("durable-queue dev --port 8080")
    .action(act<ServeFlags>(dev));
  addPlaceFlags(program.command("serve"))
    .summary("Run a server here for good, with keys that you give.")
    .description(
      "Run a server on this machine for good. As dev, but it makes no key: the variable AUTHKEY has one that grants everything, AUTHKEYS or --authkeys has keys with scopes, as durable-queue keys new makes them. Needs the package workerd: npm install workerd.",
    )
    .option("--authkeys <json>", "the keys with scopes: hashes, no secrets (env AUTHKEYS)")
    .example("export AUTHKEYS='[…]'\ndurable-queue serve --host 0.0.0.0 --data-dir /var/lib/durable-queue")
    .action(act<ServeFlags>(serveForGood));
}

function addPlaceFlags(command: CliCommand): CliCommand {
  return command
    .option("--port <number>", "0 takes a free one (env PORT, default 8787)")
    .option(
      "--host <address>",
      "what to listen on; for all but loopback put TLS in front (env HOST, default 127.0.0.1)",
    )
    .option("--data-dir <path>", "where the queues are kept (env DATA_DIR, default .data)")
    .option(
      "--storage-bytes-max <bytes>",
      "a queue of this size refuses puts (env STORAGE_BYTES_MAX, default 9000000000)",
    )
    .option(
      "--allow-private-webhooks",
      "webhooks may have private addresses and plain HTTP (env ALLOW_PRIVATE_WEBHOOKS, default false)",
    );
}

async function dev(context: Context, flags: ServeFlags): Promise<void> {
  await serve(context, flags);
}

async function serveForGood(context: Context, flags: ServeFlags): Promise<void> {
  const { AUTHKEY = "", AUTHKEYS = "" } = context.io.environment;
  if (AUTHKEY === "" && /^\s*(\[\s*\])?\s*$/.test(flags.authkeys ?? AUTHKEYS)) {
    throw new UsageError(
      "serve needs a key: set AUTHKEY, or AUTHKEYS to what durable-queue keys new prints. durable-queue dev makes one.",
    );
  }
  await serve(context, flags);
}

async function serve({ io }: Context, flags: ServeFlags): Promise<void> {
  // Most commands need not load it.
  const [local, { settingsFrom }, { NoWorkerd }] = await Promise.all([
    import("../../../src/local/serve.ts"),
    import("../../../src/local/settings.ts"),
    import("../../../src/local/workerd-path.ts"),
  ]);
  const settings = checked(() => settingsFrom(flags, io.environment));
  io.endByItself({ isServer: true });
  try {
    await local.serve(settings, {
      print: (line) => void io.stdout.write(`${line}\n`),
      report: (line) => void io.stderr.write(`${line}\n`),
      stopping: AbortSignal.any([io.interrupted, endOfNpm(io.environment)]),
    });
  } catch (error) {
    // A signal that ended a child of this process was sent to this process too, but is perhaps not handled yet.
    await new Promise((heard) => setImmediate(heard));
    // The signal may have ended the child that was being waited for: that is no error.
    if (io.interrupted.aborted) return;
    if (error instanceof NoWorkerd) throw new Failure(error.message, "no_workerd");
    throw error;
  }
}

/** @throws {UsageError} for a flag or a variable with a wrong value */
function checked<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Aborted when npm ends that has started this program, as `npm start` and `npx` do: npm passes a signal to the shell between
 * it and this process, and then both end without stopping it.
 */
function endOfNpm({ npm_lifecycle_event: script }: NodeJS.ProcessEnv): AbortSignal {
  const ending = new AbortController();
  const parent = process.ppid;
  if (script !== undefined) setInterval(() => process.ppid === parent || ending.abort(), PARENT_POLL_MS).unref();
  return ending.signal;
}
