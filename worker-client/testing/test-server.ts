import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildWorker } from "../../src/local/build-worker.ts";
import { DataDirectory } from "../../src/local/data-directory.ts";
import { Server } from "../../src/local/server.ts";
import { checkBoolean, checkOptions, type Known, shown } from "../src/base/check-options.ts";
import { QueueManager, type QueueManagerOptions } from "../src/calls/queue-manager.ts";

/** The options of `startServer`. */
export interface TestServerOptions {
  /** The port of 127.0.0.1 on which it listens, 0 to 65535. Default 0: a free one. */
  port?: number | undefined;
  /** The key that grants everything. Default: a random one. */
  authkey?: string | undefined;
  /** Further keys with scopes, as JSON text: what a server has as `AUTHKEYS`. Default: none. */
  authkeys?: string | undefined;
  /** Where it keeps its queues; it stays there. Default: a new temporary directory, which is removed when it stops. */
  directory?: string | undefined;
  /** Whether webhooks may have private addresses and plain HTTP, as a receiver in the test has. Default true. */
  allowPrivateWebhooks?: boolean | undefined;
}

const OPTIONS: Known<TestServerOptions> = {
  ...{ port: true, authkey: true, authkeys: true, directory: true },
  allowPrivateWebhooks: true,
};

const PORT_MAX = 65_535;

/**
 * Starts a server on 127.0.0.1 and waits until it listens. It is the server of `durable-queue dev`, with its state on disk,
 * and needs the package `workerd`. Stop it, or the process of the test goes on.
 *
 * @example
 * await using server = await startServer();
 * const queue = server.manager().queue("emails");
 *
 * @throws {TypeError} or {RangeError} for wrong options
 * @throws {Error} with a sentence that says why it cannot start: no `workerd`, a port that is taken, a directory in use
 */
export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  checkOptions("startServer()", options, OPTIONS);
  const { port = 0, authkey = randomBytes(32).toString("hex"), authkeys = "", allowPrivateWebhooks = true } = options;
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) {
    throw new RangeError(`port must be a whole number from 0 to ${PORT_MAX}, not ${shown(port)}.`);
  }
  const temporary = options.directory === undefined ? await mkdtemp(join(tmpdir(), "durable-queue-test-")) : undefined;
  checkBoolean("allowPrivateWebhooks", allowPrivateWebhooks);
  const path = resolve(options.directory ?? (temporary as string));
  const start = async (on: number): Promise<Server> =>
    Server.start({
      ...{ host: "127.0.0.1", port: on, authkey, authkeys, allowPrivateWebhooks },
      directory: new DataDirectory(path),
    });
  try {
    await buildWorker();
    return new TestServer(await start(port), authkey, start, path, temporary);
  } catch (error) {
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** A server that `startServer` has started. */
export class TestServer {
  /** Its address, as in `http://127.0.0.1:40123`. It stays the same after `restart`. */
  readonly address: string;
  /** The key that grants everything. */
  readonly authkey: string;
  /** The path of the directory in which it keeps its queues. */
  readonly directory: string;
  readonly #start: (port: number) => Promise<Server>;
  readonly #temporary: string | undefined;
  readonly #managers: QueueManager[] = [];
  #server: Server;
  #crashing: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  /** @internal Servers come from `startServer`. */
  constructor(
    server: Server,
    authkey: string,
    start: (port: number) => Promise<Server>,
    directory: string,
    temporary: string | undefined,
  ) {
    this.#server = server;
    this.address = server.address;
    this.authkey = authkey;
    this.directory = directory;
    this.#start = start;
    this.#temporary = temporary;
  }

  /** The id of its process, which changes with `crash`. */
  get pid(): number {
    return this.#server.pid;
  }

  /**
   * A manager of its queues, which is closed when the server stops.
   *
   * @param options as of `QueueManager`; `address` and `authkey` are those of this server by default
   */
  manager(options: QueueManagerOptions = {}): QueueManager {
    const { address = this.address, authkey = this.authkey } = options;
    const manager = new QueueManager({ ...options, address, authkey });
    this.#managers.push(manager);
    return manager;
  }

  /**
   * Kills the server, as a crash would, and starts it again on the same port and directory: what was acknowledged is there,
   * and clients go on.
   *
   * @throws {Error} with a sentence, if it was stopped or cannot start again
   */
  async crash(): Promise<void> {
    if (this.#stopping !== undefined) throw new Error("The server was stopped: start another one with startServer().");
    this.#crashing = this.#crash(this.#crashing);
    await this.#crashing;
  }

  /** @param before the crash that is under way, if there is one */
  async #crash(before: Promise<void> | undefined): Promise<void> {
    await before?.catch(() => undefined);
    await this.#server.kill();
    this.#server = await this.#start(Number(new URL(this.address).port));
  }

  /** Closes the managers, stops the server, and removes its temporary directory. A second call waits for the first. */
  async stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    await this.#stopping;
  }

  async #stop(): Promise<void> {
    await Promise.all(this.#managers.map((manager) => manager.close()));
    // A server that starts again would be left behind.
    await this.#crashing?.catch(() => undefined);
    await this.#server.stop();
    if (this.#temporary !== undefined) await rm(this.#temporary, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
