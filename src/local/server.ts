import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type DataDirectory, STATUS_FOLDER } from "./data-directory.ts";
import { LOCK_SOCKET } from "./directory-lock.ts";
import { beat } from "./heartbeat.ts";
import { addressOf, listeningProblem } from "./listening.ts";
import { ServerLog } from "./server-log.ts";
import { workerdPath } from "./workerd-path.ts";

export interface ServerOptions {
  host: string;
  /** 0 chooses a free port. */
  port: number;
  /** The key that grants everything; undefined for none. */
  authkey: string | undefined;
  /** Further keys: the text of `AUTHKEYS`. Default: none. */
  authkeys?: string;
  directory: DataDirectory;
  /** Puts are refused while a queue's database is larger, in bytes. Default: the variable of the environment, else 9 GB. */
  storageBytesMax?: number | undefined;
  /** Whether webhooks may have private addresses and plain HTTP. Default: the variable of the environment, else false. */
  allowPrivateWebhooks?: boolean | undefined;
  /** The path of the configuration of workerd. Default: workerd.capnp in this folder. */
  config?: string | undefined;
  /** Aborts a start that is under way. */
  signal?: AbortSignal | undefined;
}

/** How long a stopping server may take to finish open requests. What it has acknowledged is stored already. */
const STOP_MS = 2_000;

/** A queue server on this machine: a workerd process that keeps its state in a directory. */
export class Server {
  /** The address of the server, as in `http://127.0.0.1:8787`. */
  readonly address: string;
  /** Resolves when the process has ended, by itself or because it was stopped: with how it ended, and the reason in its log. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, address: string, ended: Promise<string>) {
    this.#process = process;
    this.address = address;
    this.ended = ended;
  }

  /**
   * Starts a server and waits until it listens.
   *
   * @throws {Error} with a sentence for the operator, if it cannot start
   */
  static async start(options: ServerOptions): Promise<Server> {
    const { host, port, directory, signal } = options;
    await directory.hold();
    let process: ChildProcess;
    try {
      await directory.assertUnused();
      signal?.throwIfAborted();
      process = spawnWorkerd(options);
    } catch (error) {
      directory.release();
      throw error;
    }
    const log = new ServerLog(process.stderr as Readable);
    const ended = new Promise<string>((settle) => {
      // "close" comes after all output of the process was read.
      process.once("close", (code, signal) => settle(log.ending(signal ?? `exit code ${code}`)));
      process.once("error", (error) => settle(error.message));
    });
    void ended.then(() => directory.release());
    const abort = () => process.kill("SIGKILL");
    signal?.addEventListener("abort", abort);
    const listening = await Promise.race([listeningPort(process), ended]);
    signal?.removeEventListener("abort", abort);
    if (typeof listening === "string") {
      throw new Error((await listeningProblem(host, port)) ?? `The server ended while starting (${listening}).`);
    }
    // From now on the log of workerd is for the operator.
    log.passOn();
    const address = addressOf(host, listening);
    void ended.then(beat(address));
    return new Server(process, address, ended);
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** Lets open requests finish for `STOP_MS`, then ends the process. */
  async stop(): Promise<void> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), STOP_MS);
    await this.ended;
    clearTimeout(timer);
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }
}

/**
 * In a terminal Ctrl-C reaches the whole group of processes. workerd ignores it, so that this process can stop it in
 * order. If this process is killed, workerd must end too: a watcher reads from a pipe that ends with this process, and
 * then kills workerd. Files are readable by their owner alone. The limit of open files is raised to the hard limit.
 * Descriptor 4, the locked directory, is held by workerd alone, so that the lock lasts as long as workerd.
 */
const LAUNCHER = `trap "" INT
umask 077
ulimit -Sn "$(ulimit -Hn)" 2>/dev/null
exec 5<&0 </dev/null
(cat <&5; kill -9 $$) >/dev/null 2>&1 3>&- 4>&- &
exec "$0" "$@" 5<&-`;

function spawnWorkerd({
  host,
  port,
  authkey = "",
  authkeys = "",
  directory,
  storageBytesMax,
  allowPrivateWebhooks,
  config,
}: ServerOptions): ChildProcess {
  const args = [
    "serve",
    config ?? `${import.meta.dirname}/workerd.capnp`,
    `--socket-addr=http=${host.includes(":") ? `[${host}]` : host}:${port}`,
    `--socket-addr=lock=unix:${LOCK_SOCKET}`,
    `--directory-path=disk=${directory.path}`,
    `--directory-path=status=${join(directory.path, STATUS_FOLDER)}`,
    "--control-fd=3",
  ];
  const workerd = workerdPath();
  const [command, prefix] = process.platform === "win32" ? [workerd, []] : ["/bin/sh", ["-c", LAUNCHER, workerd]];
  const limit = storageBytesMax === undefined ? {} : { STORAGE_BYTES_MAX: String(storageBytesMax) };
  const webhooks = allowPrivateWebhooks === undefined ? {} : { ALLOW_PRIVATE_WEBHOOKS: String(allowPrivateWebhooks) };
  return spawn(command, [...prefix, ...args], {
    cwd: directory.path,
    env: { ...process.env, ...limit, ...webhooks, AUTHKEY: authkey, AUTHKEYS: authkeys },
    stdio: ["pipe", "inherit", "pipe", "pipe", directory.lock ?? "ignore"],
  });
}

/** The port on which workerd listens, from its control channel. */
async function listeningPort(process: ChildProcess): Promise<number> {
  const ports = new Map<string, number>();
  for await (const line of createInterface(process.stdio[3] as Readable)) {
    const event = JSON.parse(line) as { event: string; socket?: string; port?: number };
    if (event.event === "listen" && event.socket !== undefined) ports.set(event.socket, event.port ?? 0);
    const port = ports.get("http");
    if (port !== undefined && ports.has("lock")) return port;
  }
  // The process ended before it listened: `ended` has the reason.
  return new Promise<never>(() => undefined);
}
