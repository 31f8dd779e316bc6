import { LEASE_SECONDS_MAX, RECEIPTS_MAX } from "../../src/contract/limits.ts";
import { chunksOf } from "../src/base/chunks.ts";
import { turn } from "../src/base/platform.ts";
import type { MemoryServer } from "./memory-server.ts";

/** After so many turns of the event loop without a change, nothing more happens by itself. */
const QUIET_TURNS = 10;

/** So much may happen at one time, or it is thought never to end: a handler puts its message again, and again. */
const CHANGES_MAX = 200_000;

/** The longest step in which time passes while handlers run: their leases are extended between the steps. */
const STEP_MS_MAX = (LEASE_SECONDS_MAX * 1_000) / 2;

/** Something whose handlers hold messages of a queue. */
export interface Holder {
  readonly queue: string;
  /** The receipts of the messages that they hold. */
  readonly held: ReadonlySet<string>;
}

/** Lets time pass, and waits for what that brings about. */
export class VirtualTime {
  readonly #server: MemoryServer;
  readonly #workers: ReadonlySet<Holder>;
  readonly #changesMax: number;

  /**
   * @param workers those whose handlers are waited for
   * @param changesMax how much may happen at one time
   */
  constructor(server: MemoryServer, workers: ReadonlySet<Holder>, changesMax = CHANGES_MAX) {
    this.#server = server;
    this.#workers = workers;
    this.#changesMax = changesMax;
  }

  /** Lets time pass from one time at which something is due to the next, each with all that it brings about. */
  async advance(ms: number): Promise<void> {
    const end = this.#server.now + ms;
    await this.#quiet();
    while (this.#server.now < end) {
      const { now } = this.#server;
      await this.#extendHeld();
      const step = this.#isHeld ? now + STEP_MS_MAX : end;
      this.#server.passTo(Math.min(Math.max(this.#server.nextAt, now + 1), step, end));
      await this.#quiet();
    }
  }

  /** Waits until no handler runs, and none begins by itself. */
  async idle(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const aborted = Promise.withResolvers<never>();
    const abort = () => aborted.reject(signal?.reason);
    aborted.promise.catch(() => undefined);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      for (await this.#quiet(); this.#isHeld; await this.#quiet()) {
        await Promise.race([this.#server.changed(), aborted.promise]);
      }
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  get #isHeld(): boolean {
    return [...this.#workers].some(({ held }) => held.size > 0);
  }

  async #extendHeld(): Promise<void> {
    for (const { queue, held } of this.#workers) {
      for (const receipts of chunksOf([...held], RECEIPTS_MAX)) {
        await this.#server.ask(queue, { verb: "extend", request: { receipts, leaseSeconds: LEASE_SECONDS_MAX } });
      }
    }
  }

  /** Waits until nothing more happens by itself. A handler that waits for something else is not waited for. */
  async #quiet(): Promise<void> {
    let { changes } = this.#server;
    const changesMax = changes + this.#changesMax;
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      await new Promise<void>(turn);
      if (this.#server.changes !== changes) turns = -1;
      changes = this.#server.changes;
      if (changes > changesMax) throw new Error(neverEnds(this.#changesMax));
    }
  }
}

function neverEnds(changesMax: number): string {
  return (
    `The queues changed more than ${changesMax} times without time passing. Perhaps a handler puts a message for itself each ` +
    "time: give it a delaySeconds, so that advance() can stop before it."
  );
}
