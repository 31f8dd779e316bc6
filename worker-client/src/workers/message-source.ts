import type { ReceivedMessage, ReplyOf } from "../../../src/api/types.ts";
import { QueueError } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";
import type { Route } from "../transport/call.ts";
import { backAgain } from "../transport/outage-watch.ts";
import type { SubscriptionListener } from "../transport/subscription-listener.ts";
import type { MessageSink } from "./message-sink.ts";
import { Polling } from "./polling.ts";

/**
 * Brings messages to a worker: pushed over a socket, or asked for over HTTP. Never more than the worker has room for.
 */
export class MessageSource implements SubscriptionListener {
  readonly #route: Route;
  readonly #sink: MessageSink;
  readonly #leaseSeconds: number | undefined;
  readonly #polling: Polling;
  readonly #stopping = new AbortController();
  #isPolling = false;
  /** How many more messages may be pushed for the credit that was granted. */
  #credit = 0;
  /** Since when the server is away, once that was reported. */
  #awaySince: Instant | undefined;
  /** Whether the credit is being taken back. */
  #isWithdrawing = false;

  /** @param leaseSeconds undefined for what the queue is configured to */
  constructor(route: Route, sink: MessageSink, leaseSeconds: number | undefined) {
    this.#route = route;
    this.#sink = sink;
    this.#leaseSeconds = leaseSeconds;
    this.#polling = new Polling(route, sink, leaseSeconds, this);
  }

  start(): void {
    if (this.#route.pushes !== undefined) this.#route.pushes.subscribe(this);
    else void this.#poll();
  }

  /** How many more messages may be pushed. */
  get credit(): number {
    return this.#credit;
  }

  /** Call this when the sink may have more room. Credit is granted in large parts, unless the sink is idle. */
  roomMade(): void {
    const { room, isIdle, capacity } = this.#sink;
    this.#polling.roomMade();
    const more = room - this.#credit;
    if (isIdle || more * 2 >= capacity) this.#grant(more);
  }

  /** Whether messages may come that were asked for. */
  get isExpecting(): boolean {
    return this.expected > 0 || this.#isWithdrawing;
  }

  /** How many messages were asked for and have not come. */
  get expected(): number {
    return this.#isPolling ? this.#polling.asked : this.#credit;
  }

  /** Whether credit is being taken back. */
  get isWithdrawing(): boolean {
    return this.#isWithdrawing;
  }

  /**
   * Takes back credit that was not used, or the request for messages. Then as many are asked for as the sink has room for.
   */
  withdraw(): void {
    const { pushes } = this.#route;
    this.#polling.interrupt();
    if (pushes === undefined || this.#isPolling || this.#credit <= 0 || this.#isWithdrawing) return;
    this.#isWithdrawing = true;
    pushes.unsubscribe();
  }

  /** Stops asking for messages. `ended` of the sink is called when no message can come any more. */
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
    this.#sink.connected();
    this.#grant(this.#sink.room);
  }

  granted(reply: ReplyOf<"subscribe">, sentAt: Instant): void {
    this.#sink.granted(reply, sentAt);
  }

  pushed(messages: ReceivedMessage[]): void {
    this.#credit -= messages.length;
    this.#sink.take(messages);
  }

  lost(receipts: readonly string[]): void {
    this.#sink.lost(receipts);
  }

  unsubscribed(): void {
    this.#forgetCredit();
    if (this.#isStopping) this.#sink.ended(undefined);
    else {
      this.roomMade();
      this.#sink.withdrawn();
    }
  }

  disconnected(): void {
    this.#forgetCredit();
    if (this.#isStopping) this.unsubscribed();
    else this.#sink.withdrawn();
  }

  away(error: QueueError, since: Instant): void {
    this.#awaySince ??= since;
    this.#sink.serverReport(error, false);
  }

  back(): void {
    if (this.#awaySince === undefined) return;
    this.#sink.serverReport(backAgain(this.#route.place, this.#awaySince), true);
    this.#awaySince = undefined;
  }

  ended(error: QueueError): void {
    this.#sink.ended(error);
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
