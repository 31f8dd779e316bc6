import type { ReceivedMessage } from "../../src/contract/schema.ts";
import type { Route } from "./call.ts";
import type { Consumer } from "./consumer.ts";
import { QueueError } from "./errors.ts";
import { Polling } from "./polling.ts";
import { SocketRoute } from "./socket-route.ts";
import type { Subscriber } from "./subscriber.ts";

/** Brings messages to a consumer: pushed over a socket, or asked for over HTTP. Never more than it has room for. */
export class Supply implements Subscriber {
  readonly #route: Route;
  readonly #consumer: Consumer;
  readonly #leaseSeconds: number;
  readonly #polling: Polling;
  readonly #stopping = new AbortController();
  #isPolling = false;
  /** How many more messages may come of what was granted. */
  #credit = 0;

  constructor(route: Route, consumer: Consumer, leaseSeconds: number) {
    this.#route = route;
    this.#consumer = consumer;
    this.#leaseSeconds = leaseSeconds;
    this.#polling = new Polling(route, consumer, leaseSeconds);
  }

  start(): void {
    if (this.#route instanceof SocketRoute) this.#route.subscribe(this);
    else void this.#poll();
  }

  /**
   * To be told when the consumer has more room.
   *
   * @param isIdle whether it has nothing left to do: else credit is granted in larger parts
   */
  roomMade(isIdle: boolean, capacity: number): void {
    this.#polling.roomMade();
    const room = this.#consumer.room - this.#credit;
    if (isIdle || room * 2 >= capacity) this.#grant(room);
  }

  /** Nothing is wanted any more. The consumer is told when nothing can come. */
  stop(): void {
    this.#stopping.abort();
    if (this.#route instanceof SocketRoute && !this.#isPolling) this.#route.unsubscribe();
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  connected(): void {
    this.#credit = 0;
    if (this.#isStopping) this.unsubscribed();
    else this.#grant(this.#consumer.room);
  }

  granted(): void {}

  lost(): void {}

  away(): void {}

  pushed(messages: ReceivedMessage[]): void {
    this.#credit -= messages.length;
    this.#consumer.take(messages);
  }

  unsubscribed(): void {
    this.#consumer.ended(undefined);
  }

  disconnected(): void {
    this.#credit = 0;
    if (this.#isStopping) this.unsubscribed();
  }

  ended(error: QueueError): void {
    this.#consumer.ended(error);
  }

  unsupported(): void {
    if (this.#isStopping) this.unsubscribed();
    else void this.#poll();
  }

  #grant(credit: number): void {
    if (!(this.#route instanceof SocketRoute) || this.#isPolling || this.#isStopping || credit <= 0) return;
    if (this.#route.grant({ credit, leaseSeconds: this.#leaseSeconds })) this.#credit += credit;
  }

  async #poll(): Promise<void> {
    const route = this.#route;
    const isOnHttp = () => !(route instanceof SocketRoute) || route.isOnHttp;
    this.#isPolling = true;
    try {
      await this.#polling.run(isOnHttp, this.#stopping.signal);
    } catch (error) {
      this.ended(error instanceof QueueError ? error : new QueueError(String(error), { cause: error }));
      return;
    } finally {
      this.#isPolling = false;
    }
    if (this.#isStopping) this.unsubscribed();
    else this.start();
  }
}
