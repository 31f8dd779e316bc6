import { setTimeout as sleep } from "node:timers/promises";
import { Backoff } from "./backoff.ts";
import { Server, type ServerOptions } from "./server.ts";

/** Receives the log lines of a kept server. */
export interface Reports {
  /** A fault: the server ended, or could not be started. */
  trouble(line: string): void;
  /** The server serves again. */
  recovery(line: string): void;
}

/**
 * A server that is started again whenever it ends by itself, on the same port and directory, until it is stopped.
 * The first start is not repeated: if it fails, the settings are wrong.
 */
export class KeptServer {
  /** The address of the server, as in `http://127.0.0.1:8787`. */
  readonly address: string;
  /** Resolves when it was stopped. */
  readonly ended: Promise<void>;
  readonly #options: ServerOptions;
  readonly #reports: Reports;
  readonly #stopping: AbortSignal;

  private constructor(first: Server, options: ServerOptions, reports: Reports, stopping: AbortSignal) {
    this.address = first.address;
    // With port 0 the first start has chosen a port, which clients know by now.
    this.#options = { ...options, port: Number(new URL(first.address).port || 80), signal: stopping };
    this.#reports = reports;
    this.#stopping = stopping;
    this.ended = this.#keep(first);
  }

  /**
   * Starts the server. An abort of `stopping` stops it.
   *
   * @throws {Error} with a sentence for the operator, if the first start fails
   */
  static async start(options: ServerOptions, reports: Reports, stopping: AbortSignal): Promise<KeptServer> {
    const first = await Server.start({ ...options, signal: stopping });
    return new KeptServer(first, options, reports, stopping);
  }

  async #keep(first: Server): Promise<void> {
    const backoff = new Backoff();
    let server: Server | undefined = first;
    while (server !== undefined) {
      const startedAt = performance.now();
      const ending = await this.#endOf(server);
      if (this.#stopping.aborted) return;
      const waitMs = backoff.next(performance.now() - startedAt);
      this.#reports.trouble(`server: ended: the server ended (${ending}). It is started again in ${waitMs / 1_000} s.`);
      server = await this.#again(backoff, waitMs);
    }
  }

  async #endOf(server: Server): Promise<string> {
    const stop = () => void server.stop();
    this.#stopping.addEventListener("abort", stop);
    if (this.#stopping.aborted) stop();
    const ending = await server.ended;
    this.#stopping.removeEventListener("abort", stop);
    return ending;
  }

  /** The server when it serves again; undefined if `stopping` is aborted meanwhile. */
  async #again(backoff: Backoff, firstWaitMs: number): Promise<Server | undefined> {
    const endedAt = performance.now();
    for (let waitMs = firstWaitMs; ; waitMs = backoff.next(0)) {
      try {
        await sleep(waitMs, undefined, { signal: this.#stopping });
        const server = await Server.start(this.#options);
        const seconds = ((performance.now() - endedAt) / 1_000).toFixed(1);
        this.#reports.recovery(`server: serving: the server serves ${this.address} again, after ${seconds} s.`);
        return server;
      } catch (error) {
        if (this.#stopping.aborted) return undefined;
        const reason = error instanceof Error ? error.message : String(error);
        this.#reports.trouble(`server: start_failed: the server could not be started. ${reason} The next try follows.`);
      }
    }
  }
}
