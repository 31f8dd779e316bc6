import { BATCH_MESSAGES_MAX } from "../../src/contract/limits.ts";
import type { ReceiveReply } from "../../src/contract/schema.ts";
import { backoffMs } from "./backoff.ts";
import type { Route } from "./call.ts";
import type { Consumer } from "./consumer.ts";
import { Deadline } from "./deadline.ts";
import { Unavailable } from "./errors.ts";
import { sleep } from "./platform.ts";

/** How long one request for messages may wait, and so how long a clean end may take. */
const POLL_SECONDS = 5;

/** Brings messages to a consumer by asking for them. */
export class Polling {
  readonly #route: Route;
  readonly #consumer: Consumer;
  readonly #leaseSeconds: number;
  #wake = () => {};

  constructor(route: Route, consumer: Consumer, leaseSeconds: number) {
    this.#route = route;
    this.#consumer = consumer;
    this.#leaseSeconds = leaseSeconds;
  }

  /**
   * Asks until it is stopped, or need not go on. A request that waits is waited for, and what it brings is taken: the
   * server would not notice if it were given up, and give it messages. Throws what the server says if it refuses.
   */
  async run(mustGoOn: () => boolean, signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    for (let failures = 0; mustGoOn() && !signal.aborted; ) {
      try {
        if (this.#consumer.room > 0) await this.#ask();
        else await new Promise<void>((wake) => (this.#wake = wake));
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof Unavailable)) throw error;
        failures += 1;
        await sleep(backoffMs(failures, Math.random()));
      }
    }
  }

  /** To be told when the consumer has room again. */
  roomMade(): void {
    this.#wake();
  }

  async #ask(): Promise<void> {
    const max = Math.min(this.#consumer.room, BATCH_MESSAGES_MAX);
    const deadline = new Deadline({ timeoutSeconds: POLL_SECONDS });
    const request = { max, leaseSeconds: this.#leaseSeconds };
    const { value } = await this.#route.send<ReceiveReply>({ verb: "receive", request, deadline });
    this.#consumer.take(value.messages);
  }
}
