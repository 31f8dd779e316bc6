import type { ReceivedMessage } from "../../../src/contract/schema.ts";
import type { SubscribeReply } from "../../../src/contract/socket.ts";
import { QueueError } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";
import type { Route } from "../transport/call.ts";
import type { Subscriber } from "../transport/subscription-listener.ts";
import type { Consumer } from "./message-sink.ts";
import { Polling } from "./polling.ts";

/** Brings messages to a consumer: pushed over a socket, or asked for over HTTP. Never more than it has room for. */
export class Supply implements Subscriber {
  readonly #route: Route;
  readonly #consumer: Consumer;
  readonly #leaseSeconds: number | undefined;
  readonly #polling: Polling;
  readonly #stopping = new AbortController();
  #isPolling = false;
  /** How many more messages may come of what was granted. */
  #credit = 0;
  /** Whether the credit is being taken back. */
  #isWithdrawing = false;

  /** @param leaseSeconds undefined for what the queue is configured to */
  constructor(route: Route, consumer: Consumer, leaseSeconds: number | undefined) {
    this.#route = route;
    this.#consumer = consumer;
    this.#leaseSeconds = leaseSeconds;
    this.#polling = new Polling(route, consumer, leaseSeconds);
  }

  start(): void {
    if (this.#route.pushes !== undefined) this.#route.pushes.subscribe(this);
    else void this.#poll();
  }

  /** How many more messages may be pushed. */
  get credit(): number {
    return this.#credit;
  }

  /** To be called when the consumer may have more room. Credit is granted in large parts, unless it has nothing to do. */
  roomMade(): void {
    const { room, isIdle, capacity } = this.#consumer;
    this.#polling.roomMade();
    const more = room - this.#credit;
    if (isIdle || more * 2 >= capacity) this.#grant(more);
  }

  /** Takes back what was granted and not used. What the consumer has room for then is granted anew. */
  withdraw(): void {
    const { pushes } = this.#route;
    if (pushes === undefined || this.#isPolling || this.#credit <= 0 || this.#isWithdrawing) return;
    this.#isWithdrawing = true;
    pushes.unsubscribe();
  }

  /** Nothing is wanted any more. The consumer is told when nothing can come. */
  stop(): void {
    this.#stopping.abort();
    if (this.#route.pushes !== undefined && !this.#isPolling) this.#route.pushes.unsubscribe();
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  connected(): void {
    this.#forgetCredit();
    if (this.#isStopping) {
      this.unsubscribed();
      return;
    }
    this.#consumer.connected();
    this.#grant(this.#consumer.room);
  }

  granted(reply: SubscribeReply, sentAt: Instant): void {
    this.#consumer.granted(reply, sentAt);
  }

  pushed(messages: ReceivedMessage[]): void {
    this.#credit -= messages.length;
    this.#consumer.take(messages);
  }

  lost(receipts: readonly string[]): void {
    this.#consumer.lost(receipts);
  }

  unsubscribed(): void {
    this.#forgetCredit();
    if (this.#isStopping) this.#consumer.ended(undefined);
    else this.roomMade();
  }

  disconnected(): void {
    this.#forgetCredit();
    if (this.#isStopping) this.unsubscribed();
  }

  away(error: QueueError): void {
    this.#consumer.away(error);
  }

  ended(error: QueueError): void {
    this.#consumer.ended(error);
  }

  unsupported(): void {
    if (this.#isStopping) this.unsubscribed();
    else void this.#poll();
  }

  #forgetCredit(): void {
    this.#credit = 0;
    this.#isWithdrawing = false;
  }

  #grant(credit: number): void {
    const { pushes } = this.#route;
    if (pushes === undefined || this.#isPolling || this.#isStopping || this.#isWithdrawing || credit <= 0) return;
    if (pushes.grant({ credit, leaseSeconds: this.#leaseSeconds })) this.#credit += credit;
  }

  async #poll(): Promise<void> {
    const { pushes } = this.#route;
    this.#isPolling = true;
    try {
      await this.#polling.run(() => pushes?.isOnHttp ?? true, this.#stopping.signal);
    } catch (error) {
      this.ended(
        error instanceof QueueError ? error : new QueueError(String(error), { code: "unexpected", cause: error }),
      );
      return;
    } finally {
      this.#isPolling = false;
    }
    if (this.#isStopping) this.unsubscribed();
    else this.start();
  }
}
