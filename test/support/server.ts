import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { QueueManager, type QueueManagerOptions } from "../../worker-client/src/index.ts";

export const AUTHKEY = "the-authkey-of-the-tests";

/** A server of its own for the tests of one file: on a free port, its state in a directory that goes with it. */
export class TestServer {
  #server: Server | undefined;
  #directory: DataDirectory | undefined;
  /** 0 until the first start; then the same one for good, so that clients find the server again. */
  #port = 0;

  async start(): Promise<void> {
    this.#directory ??= new DataDirectory(mkdtempSync(`${tmpdir()}/durable-queue-test-`));
    const options = { host: "127.0.0.1", port: this.#port, authkey: AUTHKEY, directory: this.#directory };
    this.#server = await Server.start(options);
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
