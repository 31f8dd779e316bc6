import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { QueueManager, type QueueManagerOptions } from "../../worker-client/src/index.ts";

import { MOVABLE_CONFIG } from "./build-once.ts";

export const AUTHKEY = "the-authkey-of-the-tests";

/** A server of its own for the tests of one file: on a free port, its state in a directory that goes with it. */
export class TestServer {
  readonly #config: string | undefined;
  readonly #allowPrivateWebhooks: boolean;
  #server: Server | undefined;
  #directory: DataDirectory | undefined;
  /** 0 until the first start; then the same one for good, so that clients find the server again. */
  #port = 0;

  /**
   * @param isMovable whether its queues have clocks that `pass` moves; it then serves a Worker that only tests have
   * @param allowPrivateWebhooks whether webhooks may be on this machine
   */
  constructor({ isMovable = false, allowPrivateWebhooks = false } = {}) {
    this.#allowPrivateWebhooks = allowPrivateWebhooks;
    this.#config = isMovable ? MOVABLE_CONFIG : undefined;
  }

  async start(): Promise<void> {
    this.#directory ??= new DataDirectory(mkdtempSync(`${tmpdir()}/durable-queue-test-`));
    const place = { host: "127.0.0.1", port: this.#port, directory: this.#directory };
    const allowPrivateWebhooks = this.#allowPrivateWebhooks;
    this.#server = await Server.start({ ...place, authkey: AUTHKEY, config: this.#config, allowPrivateWebhooks });
    this.#port = Number(new URL(this.#server.address).port);
  }

  /** Ends the server at once, as a crash would. `start` brings it back with what it had stored. */
  async crash(): Promise<void> {
    await this.#server?.kill();
  }

  /** Ends the server and removes its directory. */
  async remove(): Promise<void> {
    await this.#server?.kill();
    if (this.#directory !== undefined) rmSync(this.#directory.path, { recursive: true });
  }

  /** Lets time pass for queues, by their names: what is due by then has been done, committed and answered afterwards. */
  async pass(seconds: number, ...queues: string[]): Promise<void> {
    await Promise.all(
      queues.map(async (queue) => {
        const { ok, status } = await fetch(`${this.address}/pass/${queue}?ms=${seconds * 1_000}`, { method: "POST" });
        if (!ok) throw new Error(`The server does not let time pass: ${status}`);
      }),
    );
  }

  get port(): number {
    return this.#port;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  manager(options: QueueManagerOptions = {}): QueueManager {
    return new QueueManager({ address: this.address, authkey: AUTHKEY, ...options });
  }
}

let names = 0;

/** A queue of its own for each test: the tests of a file share a server. */
export function freshName(): string {
  names += 1;
  return `test-${names}`;
}
