import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { TestServer } from "durable-queue/testing";

/** A worker as it is run: a process of `durable-queue work`. */
export class WorkerProcess {
  readonly #process: ChildProcess;

  constructor(server: TestServer, concurrency: number) {
    const { address, authkey } = server;
    this.#process = spawn("durable-queue", ["work", "./src/tasks.ts", "--concurrency", `${concurrency}`], {
      env: { ...process.env, DURABLE_QUEUE_ADDRESS: address, DURABLE_QUEUE_AUTHKEY: authkey },
      // What is wrong is seen; that pages failed at first is not.
      stdio: ["ignore", "ignore", "ignore"],
    });
  }

  /** Ends it at once, with what it has in hand. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Lets it finish what it has in hand. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, "exit");
    this.#process.kill(signal);
    await ended;
  }
}
