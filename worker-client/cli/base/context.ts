import type { QueueManager, QueueManagerOptions } from "../../src/index.ts";
import { UsageError } from "./exit.ts";
import type { Io } from "./io.ts";
import { Output } from "./output.ts";
import type { Settings } from "./settings.ts";

/** The longest that a manager takes to close when the command is over, in seconds. */
const CLOSING_SECONDS = 2;

/** What a command is given: where it runs, its settings, where results go, and the client. */
export class Context {
  readonly io: Io;
  readonly settings: Settings;
  readonly output: Output;
  readonly #managers: QueueManager[] = [];

  constructor(io: Io, settings: Settings) {
    this.io = io;
    this.settings = settings;
    this.output = new Output(io, settings.json);
  }

  /** Aborted by Ctrl-C: every call that waits is given it. */
  get signal(): AbortSignal {
    return this.io.interrupted;
  }

  /**
   * A client of the server, which is closed when the command is over. Over HTTP unless the options say otherwise: one
   * request is all that most commands send. Commands that wait for messages take sockets, so that what arrives after
   * Ctrl-C is given back.
   *
   * @throws {UsageError} without an authkey
   */
  async manager(options: Pick<QueueManagerOptions, "transport" | "retrySeconds"> = {}): Promise<QueueManager> {
    const { address, authkey, allowPlainHttp, retrySeconds } = this.settings;
    if (authkey === undefined) {
      throw new UsageError(
        `There is no authkey for ${address}: set DURABLE_QUEUE_AUTHKEY, or give --profile or --authkey. durable-queue doctor says where it is looked for.`,
      );
    }
    // Loaded here, so that help and completion do not wait for it.
    const client = await import("../../src/index.ts");
    const manager = new client.QueueManager({
      ...{ address, authkey, retrySeconds, allowPlainHttp, transport: "http" },
      ...options,
    });
    this.#managers.push(manager);
    return manager;
  }

  /** Closes what the command has opened. */
  async close(): Promise<void> {
    await Promise.all(this.#managers.map((manager) => manager.close({ timeoutSeconds: CLOSING_SECONDS })));
  }
}
