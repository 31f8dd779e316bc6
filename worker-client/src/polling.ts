import { BATCH_MESSAGES_MAX } from "../../src/contract/limits.ts";
import type { ReceiveReply } from "../../src/contract/schema.ts";
import { backoffMs } from "./backoff.ts";
import type { Route } from "./call.ts";
import type { Consumer } from "./consumer.ts";
import { Deadline } from "./deadline.ts";
import { Unavailable } from "./errors.ts";
import { type Instant, instant, msSince } from "./instant.ts";
import { sleep } from "./platform.ts";

/** How long one request for messages may wait, and so how long a clean end may take. */
const POLL_SECONDS = 5;

/** For how long one request is tried while the server is away, and after which its consumer is told. */
const TRIED_SECONDS = 5;

/** How often it is told again. */
const AWAY_MS = 60_000;

/** Brings messages to a consumer by asking for them. */
export class Polling {
  readonly #route: Route;
  readonly #consumer: Consumer;
  readonly #leaseSeconds: number | undefined;
  #wake = () => {};

  constructor(route: Route, consumer: Consumer, leaseSeconds: number | undefined) {
    this.#route = route;
    this.#consumer = consumer;
    this.#leaseSeconds = leaseSeconds;
  }

  /**
   * Asks until it is stopped, or need not go on. A request that waits is waited for, and what it brings is taken: the
   * server would not notice if it were given up, and give it messages. Throws what the server says if it refuses.
   */
  async run(mustGoOn: () => boolean, signal: AbortSignal): Promise<void> {
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake, { once: true });
    let toldAt: Instant | undefined;
    try {
      for (let failures = 0; mustGoOn() && !signal.aborted; ) {
        try {
          // What is received counts as begun, so nothing is asked for that would have to wait here.
          if (this.#consumer.slots > 0) await this.#ask();
          else await new Promise<void>((resolve) => (this.#wake = resolve));
          failures = 0;
          toldAt = undefined;
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof Unavailable)) throw error;
          failures += 1;
          if (toldAt === undefined || msSince(toldAt) >= AWAY_MS) {
            this.#consumer.away(error);
            toldAt = instant();
          }
          await sleep(backoffMs(failures, Math.random()), signal).catch(() => undefined);
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
  }

  /** To be told when the consumer has room again. */
  roomMade(): void {
    this.#wake();
  }

  async #ask(): Promise<void> {
    const max = Math.min(this.#consumer.slots, BATCH_MESSAGES_MAX);
    const deadline = new Deadline({ timeoutSeconds: POLL_SECONDS });
    const request = { max, leaseSeconds: this.#leaseSeconds };
    const call = { verb: "receive", request, deadline, retrySeconds: TRIED_SECONDS } as const;
    const { value } = await this.#route.send<ReceiveReply>(call);
    this.#consumer.take(value.messages, value.leaseSeconds);
  }
}
