import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type DataDirectory, LOCK_SOCKET } from "./data-directory.ts";

/** The path of workerd's binary, which its package exports without a declaration. */
const { default: workerd } = createRequire(import.meta.url)("workerd") as { default: string };

export interface ServerOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  authkey: string;
  directory: DataDirectory;
}

/** What a stopping server may take to finish open requests. What it has acknowledged is stored at any time. */
const STOP_MS = 2_000;

/** A queue server on this machine: a workerd process that keeps its state in a directory. */
export class Server {
  /** Where it answers, as in `http://127.0.0.1:8787`. */
  readonly address: string;
  /** Settled when the process has ended: by itself, or because it was stopped. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, address: string, ended: Promise<string>) {
    this.#process = process;
    this.address = address;
    this.ended = ended;
  }

  /** Starts a server and waits until it answers. Throws with one clear sentence when it cannot. */
  static async start({ host, port, authkey, directory }: ServerOptions): Promise<Server> {
    await directory.assertUnused();
    const process = spawnWorkerd(directory.path, authkey, [
      `--socket-addr=http=${host.includes(":") ? `[${host}]` : host}:${port}`,
      `--socket-addr=lock=unix:${LOCK_SOCKET}`,
      `--directory-path=disk=${directory.path}`,
      "--control-fd=3",
    ]);
    let output = "";
    process.stderr?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    const ended = new Promise<string>((settle) => {
      process.once("exit", (code, signal) => settle(signal ?? `exit code ${code}`));
      process.once("error", (error) => settle(error.message));
    });
    const listening = await Promise.race([listeningPort(process), ended]);
    if (typeof listening === "string") throw new Error(failure(output, host, port, listening));
    // From now on what workerd says is for the operator.
    process.stderr?.removeAllListeners("data").pipe(globalThis.process.stderr);
    return new Server(process, addressOf(host, listening), ended);
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
 */
const LAUNCHER = `trap "" INT
exec 4<&0 </dev/null
(cat <&4 >/dev/null 2>&1; kill -9 $$ 2>/dev/null) 3>&- &
exec "$0" "$@" 4<&-`;

function spawnWorkerd(dataDirectory: string, authkey: string, options: string[]): ChildProcess {
  const configuration = `${import.meta.dirname}/workerd.capnp`;
  const args = ["serve", configuration, ...options];
  const [command, prefix] = process.platform === "win32" ? [workerd, []] : ["/bin/sh", ["-c", LAUNCHER, workerd]];
  return spawn(command, [...prefix, ...args], {
    cwd: dataDirectory,
    env: { ...process.env, AUTHKEY: authkey },
    stdio: ["pipe", "inherit", "pipe", "pipe"],
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

function failure(output: string, host: string, port: number, ending: string): string {
  if (output.includes(LOCK_SOCKET)) return "Another server has just begun to use this directory.";
  if (output.includes("Address already in use")) {
    return `Port ${port} of ${host} is taken: stop what listens there, or set PORT to another.`;
  }
  const firstLine = output.split("\n").find((line) => line.trim() !== "") ?? "";
  return `The server ended while starting (${ending}): ${firstLine}`;
}

function addressOf(host: string, port: number): string {
  const isWildcard = host === "0.0.0.0" || host === "*" || host === "::";
  const name = isWildcard ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}
