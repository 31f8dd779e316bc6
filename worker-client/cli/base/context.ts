import type { QueueManager, QueueManagerOptions } from "../../src/index.ts";
import { UsageError } from "./exit.ts";
import type { Io } from "./io.ts";
import { Output } from "./output.ts";
import { type GlobalFlags, type Settings, settingsOf, wantsJson } from "./settings.ts";

/** The longest that a manager takes to close when the command is over, in seconds. */
const CLOSING_SECONDS = 2;

/** What a command is given: where it runs, its settings, where results go, and the client. */
export class Context {
  readonly io: Io;
  readonly output: Output;
  readonly #flags: GlobalFlags;
  readonly #managers: QueueManager[] = [];
  #settings: Settings | undefined;

  /** @throws {UsageError} for a variable with a wrong value */
  constructor(io: Io, flags: GlobalFlags) {
    this.io = io;
    this.output = new Output(io, wantsJson(flags, io));
    this.#flags = flags;
  }

  /**
   * What all commands go by. Read when a command first needs it: a mistake in the profiles must not keep those that need
   * no server, such as completion, from their work.
   *
   * @throws {UsageError} for a variable or a profile with a mistake
   */
  get settings(): Settings {
    if (this.#settings === undefined) {
      this.#settings = settingsOf(this.#flags, this.io);
      for (const warning of this.#settings.warnings) this.output.warn(warning);
    }
    return this.#settings;
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
