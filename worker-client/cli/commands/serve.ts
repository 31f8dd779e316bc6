import type { Act, CliCommand } from "../base/command.ts";
import type { Context } from "../base/context.ts";
import { Failure, UsageError } from "../base/exit.ts";

interface ServeFlags {
  port?: string;
  host?: string;
  dataDir?: string;
  storageBytesMax?: string;
  authkeys?: string;
}

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
    );
}

async function dev(context: Context, flags: ServeFlags): Promise<void> {
  await serve(context, flags);
}

async function serveForGood(context: Context, flags: ServeFlags): Promise<void> {
  const { AUTHKEY = "", AUTHKEYS = "" } = context.io.environment;
  if (AUTHKEY === "" && (flags.authkeys ?? AUTHKEYS) === "") {
    throw new UsageError(
      "serve needs a key: set AUTHKEY, or AUTHKEYS to what durable-queue keys new prints. durable-queue dev makes one.",
    );
  }
  await serve(context, flags);
}

async function serve({ io }: Context, { authkeys, ...place }: ServeFlags): Promise<void> {
  const local = await localServer();
  const names = { port: "port", host: "host", dataDir: "data-dir", storageBytesMax: "storage-bytes-max" } as const;
  const args = (Object.keys(names) as (keyof typeof names)[]).flatMap((name) =>
    place[name] === undefined ? [] : [`--${names[name]}=${place[name]}`],
  );
  const environment = authkeys === undefined ? io.environment : { ...io.environment, AUTHKEYS: authkeys };
  const settings = checked(() => local.settingsFrom(args, environment));
  if (settings === "help") return;
  io.endByItself();
  await local.serve(settings, {
    print: (line) => void io.stdout.write(`${line}\n`),
    report: (line) => void io.stderr.write(`${line}\n`),
    stopping: io.interrupted,
  });
}

/** @throws {UsageError} for a flag or a variable with a wrong value */
function checked<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** The local server, which most commands need not load. */
async function localServer() {
  try {
    const [{ serve }, { settingsFrom }] = await Promise.all([
      import("../../../src/local/serve.ts"),
      import("../../../src/local/settings.ts"),
    ]);
    return { serve, settingsFrom };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!/^(ERR_)?MODULE_NOT_FOUND$/.test(code ?? "") || !message.includes("workerd")) throw error;
    throw new Failure("A server needs the package workerd, which is not installed: npm install workerd.", "no_workerd");
  }
}
