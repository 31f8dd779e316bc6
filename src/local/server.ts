import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type DataDirectory, STATUS_FOLDER } from "./data-directory.ts";
import { LOCK_SOCKET } from "./directory-lock.ts";
import { beat } from "./heartbeat.ts";
import { addressOf, listeningProblem } from "./listening.ts";
import { ServerLog } from "./server-log.ts";

/** The path of workerd's binary, which its package exports without a declaration. */
const { default: workerd } = createRequire(import.meta.url)("workerd") as { default: string };

export interface ServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  authkey: string;
  directory: DataDirectory;
  /** Puts are refused while a queue's database is larger. By default what the environment says, else 9 GB. */
  storageBytesMax?: number | undefined;
  /** The path of what workerd is to serve, in capnp's language. By default workerd.capnp in this folder. */
  config?: string | undefined;
  /** Ends a start that is under way. */
  signal?: AbortSignal | undefined;
}

/** What a stopping server may take to finish open requests. What it has acknowledged is stored at any time. */
const STOP_MS = 2_000;

/** A queue server on this machine: a workerd process that keeps its state in a directory. */
export class Server {
  /** Where it answers, as in `http://127.0.0.1:8787`. */
  readonly address: string;
  /** Settled when the process has ended, by itself or because it was stopped: with what ended it and its last words. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, address: string, ended: Promise<string>) {
    this.#process = process;
    this.address = address;
    this.ended = ended;
  }

  /** Starts a server and waits until it answers. Throws with one clear sentence when it cannot. */
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
      // "close" comes when what it wrote has been read, too.
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
    // From now on what workerd says is for the operator.
    log.passOn();
    const address = addressOf(host, listening);
    void ended.then(beat(address));
    return new Server(process, address, ended);
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** Lets open requests finish for a moment, then ends the process. */
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
 * In a terminal Ctrl-C reaches the whole group of processes. workerd must not hear it, so that it can be stopped in
 * order. When we are killed it must not live on: a watcher reads from a pipe that ends when we do, and kills it then.
 * Files are for their owner alone. As many as the hard limit allows may be open. Descriptor 4, the locked directory, is
 * kept open by workerd and by nothing else, so that the lock lasts as long as it.
 */
const LAUNCHER = `trap "" INT
umask 077
ulimit -Sn "$(ulimit -Hn)" 2>/dev/null
exec 5<&0 </dev/null
(cat <&5; kill -9 $$) >/dev/null 2>&1 3>&- 4>&- &
exec "$0" "$@" 5<&-`;

function spawnWorkerd({ host, port, authkey, directory, storageBytesMax, config }: ServerOptions): ChildProcess {
  const args = [
    "serve",
    config ?? `${import.meta.dirname}/workerd.capnp`,
    `--socket-addr=http=${host.includes(":") ? `[${host}]` : host}:${port}`,
    `--socket-addr=lock=unix:${LOCK_SOCKET}`,
    `--directory-path=disk=${directory.path}`,
    `--directory-path=status=${join(directory.path, STATUS_FOLDER)}`,
    "--control-fd=3",
  ];
  const [command, prefix] = process.platform === "win32" ? [workerd, []] : ["/bin/sh", ["-c", LAUNCHER, workerd]];
  const limit = storageBytesMax === undefined ? {} : { STORAGE_BYTES_MAX: String(storageBytesMax) };
  return spawn(command, [...prefix, ...args], {
    cwd: directory.path,
    env: { ...process.env, ...limit, AUTHKEY: authkey },
    stdio: ["pipe", "inherit", "pipe", "pipe", directory.lock ?? "ignore"],
  });
}

/** The port on which workerd has begun to listen, told on its control channel. */
async function listeningPort(process: ChildProcess): Promise<number> {
  const ports = new Map<string, number>();
  for await (const line of createInterface(process.stdio[3] as Readable)) {
    const event = JSON.parse(line) as { event: string; socket?: string; port?: number };
    if (event.event === "listen" && event.socket !== undefined) ports.set(event.socket, event.port ?? 0);
    const port = ports.get("http");
    if (port !== undefined && ports.has("lock")) return port;
  }
  // The process ended before it listened: its end tells why.
  return new Promise<never>(() => undefined);
}
