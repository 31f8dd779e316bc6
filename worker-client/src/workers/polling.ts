import type { ReplyOf } from "../../../src/api/types.ts";
import { BATCH_MESSAGES_MAX } from "../../../src/contract/limits.ts";
import { Deadline } from "../base/deadline.ts";
import { Unavailable } from "../base/errors.ts";
import { sleep } from "../base/platform.ts";
import { retrying } from "../base/retry.ts";
import type { Route } from "../transport/call.ts";
import { OutageWatch } from "../transport/outage-watch.ts";
import type { SubscriptionListener } from "../transport/subscription-listener.ts";
import type { MessageSink } from "./message-sink.ts";

/** How long one request for messages may wait. */
const POLL_SECONDS = 5;

/** Why a request was given up by `interrupt`. */
const INTERRUPTED = new Error("The worker has less room than it asked for.");

type ServerEvents = Pick<SubscriptionListener, "away" | "back">;

/** Brings messages to a sink by asking for them over HTTP. */
export class Polling {
  readonly #route: Route;
  readonly #sink: MessageSink;
  readonly #leaseSeconds: number | undefined;
  readonly #server: ServerEvents;
  #wake = () => {};
  /** The request that waits, and for how many messages it asks. */
  #asking: { max: number; interrupting: AbortController } | undefined;

  /** @param server is called when the server is away, and at each answer */
  constructor(route: Route, sink: MessageSink, leaseSeconds: number | undefined, server: ServerEvents) {
    this.#route = route;
    this.#sink = sink;
    this.#leaseSeconds = leaseSeconds;
    this.#server = server;
  }

  /**
   * Asks until it is stopped, or need not go on. A request that waits then goes on by itself, and messages that it
   * brings are given back. Throws the error if the server refuses.
   */
  async run(mustGoOn: () => boolean, signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    const outage = new OutageWatch(this.#route.place, (error, since) => this.#server.away(error, since));
    try {
      while (mustGoOn() && !signal.aborted) {
        await retrying(
          () => this.#tryOnce(mustGoOn, signal, outage),
          (ms) => sleep(ms, signal).catch(() => undefined),
        );
      }
    } finally {
      outage.end();
      signal.removeEventListener("abort", wake);
    }
  }

  /** Undefined where the server was away. */
  async #tryOnce(
    mustGoOn: () => boolean,
    signal: AbortSignal,
    outage: OutageWatch,
  ): Promise<{ result: undefined } | undefined> {
    if (!mustGoOn() || signal.aborted) return { result: undefined };
    try {
      // What is received counts as begun, so nothing is asked for that would have to wait here.
      if (this.#sink.slots > 0) {
        await this.#ask(signal);
        outage.end();
        this.#server.back();
      } else await new Promise<void>((resolve) => (this.#wake = resolve));
    } catch (error) {
      if (error === INTERRUPTED) this.#sink.withdrawn();
      if (signal.aborted || error === INTERRUPTED) return { result: undefined };
      if (!(error instanceof Unavailable)) throw error;
      outage.begin(error.cause instanceof Error ? error.cause : error);
      return undefined;
    }
    return { result: undefined };
  }

  /** Call this when the sink has room again. */
  roomMade(): void {
    this.#wake();
  }

  /** How many messages are asked for by a request that waits. */
  get asked(): number {
    return this.#asking?.max ?? 0;
  }

  /** Gives up the request that waits. Messages that it brings all the same are given back. */
  interrupt(): void {
    this.#asking?.interrupting.abort(INTERRUPTED);
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const max = Math.min(this.#sink.slots, BATCH_MESSAGES_MAX);
    const deadline = new Deadline({ timeoutSeconds: POLL_SECONDS });
    const request = { max, leaseSeconds: this.#leaseSeconds };
    const interrupting = new AbortController();
    const stop = () => interrupting.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    this.#asking = { max, interrupting };
    try {
      // Tried once, so that the worker can be stopped between two tries.
      const call = { verb: "receive", request, deadline, signal: interrupting.signal, retrySeconds: 0 } as const;
      const { value } = await this.#route.send<ReplyOf<"receive">>(call);
      this.#asking = undefined;
      this.#sink.take(value.messages, value.leaseSeconds);
    } finally {
      this.#asking = undefined;
      signal.removeEventListener("abort", stop);
    }
  }
}
