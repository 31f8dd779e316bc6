import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const START_MS = 60_000;
const STOP_MS = 5_000;

/** All that run, so that none outlives the benchmark. */
const running = new Set<Child>();
process.once("exit", () => {
  for (const child of running) child.kill();
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/** A process that was started here, and is ended here by its id. */
export class Child {
  readonly process: ChildProcess;
  readonly #name: string;
  /** The end of what it wrote: why it failed, if it does. */
  #output = "";

  constructor(command: readonly string[], options: SpawnOptions = {}) {
    const [name = "", ...args] = command;
    this.#name = name;
    this.process = spawn(name, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
    running.add(this);
    this.process.once("exit", () => running.delete(this));
    this.process.once("error", (error) => this.#note(error.message));
    for (const stream of [this.process.stdout, this.process.stderr]) stream?.on("data", (text) => this.#note(text));
  }

  get pid(): number {
    return this.process.pid as number;
  }

  get hasEnded(): boolean {
    return this.process.pid === undefined || this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** Waits until it answers. Throws with what it wrote when it ends before that. */
  async untilReady(isReady: () => Promise<boolean>): Promise<void> {
    for (const beganAt = performance.now(); !(await isReady()); await sleep(50)) {
      if (this.hasEnded) throw this.failure("ended while starting");
      if (performance.now() - beganAt > START_MS) throw this.failure("did not answer in time");
    }
  }

  failure(what: string): Error {
    return new Error(`${this.#name} ${what}: ${this.#output.trim()}`);
  }

  /** Asks it to end, and ends it when it does not. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (this.hasEnded) return;
    const ended = once(this.process, "exit");
    this.process.kill(signal);
    const timer = setTimeout(() => this.kill(), STOP_MS);
    await ended;
    clearTimeout(timer);
  }

  kill(): void {
    if (!this.hasEnded) this.process.kill("SIGKILL");
  }

  #note(text: Buffer | string): void {
    this.#output = `${this.#output}${text}`.slice(-2_000);
  }
}

/** A port of this machine on which nothing listens. Another program may take it meanwhile; then the start fails. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port.");
  return address.port;
}
