import type { ServerLine, SubscribeRequest } from "../../../src/contract/socket.ts";
import type { QueueError } from "../base/errors.ts";
import { turn } from "../base/platform.ts";
import { errorOf, type Place } from "../base/problem-errors.ts";
import type { SocketLink } from "../wire/socket-link.ts";
import type { Target } from "../wire/wire.ts";
import { type Call, closed, type Outcome, type Pushes, type Route } from "./call.ts";
import { FrameWriter } from "./frame-writer.ts";
import type { HttpRoute } from "./http-route.ts";
import { type KeeperEvents, LinkKeeper } from "./link-keeper.ts";
import { ANSWER_SECONDS, type CallsEvents, SocketCalls } from "./socket-calls.ts";
import { beginLines, Subscription } from "./subscription.ts";
import type { SubscriptionListener } from "./subscription-listener.ts";

export interface SocketOptions {
  target: Target;
  retrySeconds: number;
  /** The way for when no socket can be had. */
  http: HttpRoute;
  /** Whether the manager is closed. */
  isClosed: () => boolean;
  /** Is told when the route begins to connect, and when it has ended its connection or its tries. */
  live: (isLive: boolean) => void;
  /** Is told when nothing is awaited of its connection any more, and when that has changed. */
  idle: (isIdle: boolean) => void;
}

/** The way to a queue over a WebSocket: many calls at a time, and messages that come by themselves. */
export class SocketRoute implements Route, Pushes, KeeperEvents, CallsEvents {
  readonly #options: SocketOptions;
  readonly #place: Place;
  readonly #keeper: LinkKeeper;
  readonly #calls: SocketCalls;
  readonly #subscription: Subscription;
  #isFlushPlanned = false;
  /** Whether what made room for the credit that is to be granted has been sent, or goes with the next frame. */
  #isGrantDue = false;
  #isClosed = false;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#place = options.target;
    this.#keeper = new LinkKeeper(options.target, this);
    this.#calls = new SocketCalls(this.#place, options.retrySeconds, this);
    this.#subscription = new Subscription(this.#place, (request) => this.grant(request));
  }

  get pushes(): Pushes {
    return this;
  }

  get isOnHttp(): boolean {
    return this.#keeper.isOnHttp;
  }

  async send<Value>(call: Call): Promise<Outcome<Value>> {
    if (this.#isClosed || this.#options.isClosed()) throw closed(this.#place, false);
    if (this.#keeper.isOnHttp) return this.#options.http.send<Value>(call);
    const outcome = await this.#calls.send(call);
    // Nothing more is asked of a queue that is gone.
    if (call.verb === "delete") this.#keeper.closeIfIdle();
    return outcome as Outcome<Value>;
  }

  subscribe(listener: SubscriptionListener): void {
    if (this.#isClosed || this.#options.isClosed()) {
      listener.ended(closed(this.#place, false));
      return;
    }
    this.#subscription.listener = listener;
    if (this.isOnHttp) listener.unsupported();
    else if (this.#keeper.link === undefined) this.#keeper.connect();
    else listener.connected();
    this.#keeper.updateNeed();
    this.#keeper.watchOutage();
  }

  /** Goes with the acks of this turn, behind them, for they have made the room: no consumer holds more than it can. */
  grant(request: SubscribeRequest): boolean {
    if (this.#keeper.link === undefined) return false;
    this.#subscription.grant(request);
    // Acks are gathered until the end of the turn, and sent at the end of the next.
    turn(() => {
      this.#isGrantDue = true;
      this.#planFlush();
    });
    return true;
  }

  begin(receipts: readonly string[]): void {
    this.#flush(beginLines(receipts, () => this.#calls.nextId()));
  }

  unsubscribe(): void {
    if (this.#keeper.link === undefined) {
      this.#subscription.listener?.unsubscribed();
      return;
    }
    this.#subscription.unsubscribe();
    this.#isGrantDue = true;
    this.#planFlush();
  }

  restart(): void {
    this.#keeper.restart();
  }

  /** Ends the connection. Calls that are not answered, and all later ones, throw `Closed`. */
  close(): void {
    this.#isClosed = true;
    const { listener } = this.#subscription;
    this.#subscription.listener = undefined;
    this.#subscription.clear();
    for (const pending of this.#calls.takeAll()) pending.close();
    this.#keeper.close();
    listener?.ended(closed(this.#place, false));
  }

  /** Closes the connection if nothing is awaited of it. */
  closeIfIdle(): void {
    this.#keeper.closeIfIdle();
  }

  /** @internal */
  get isNeeded(): boolean {
    return this.#calls.isAnyOpen || this.#subscription.listener !== undefined;
  }

  /** @internal */
  connected(): void {
    this.#calls.connected();
    this.#flush();
    this.#subscription.listener?.connected();
  }

  /** @internal */
  heard(line: ServerLine): void {
    const { listener } = this.#subscription;
    if ("push" in line) {
      listener?.pushed(line.push);
    } else if ("lost" in line) {
      listener?.lost(line.lost);
    } else if ("resend" in line) {
      for (const id of line.resend) this.#calls.forgotten(id);
    } else if (line.id === undefined) {
      listener?.ended(errorOf(line.problem, this.#place));
    } else {
      if (!this.#subscription.answer(line)) this.#calls.answered(line);
      this.#keeper.updateNeed();
    }
  }

  /** @internal */
  lost(link: SocketLink, cause: Error): void {
    this.#subscription.clear();
    this.#calls.lost(cause, link.heardAt);
    this.#subscription.listener?.disconnected();
  }

  /** @internal */
  failed(cause: Error): void {
    this.#calls.failed(cause, false);
  }

  /** @internal */
  sweep(cause: Error): void {
    this.#calls.failed(cause, true);
    this.#keeper.updateNeed();
  }

  /** @internal */
  refused(error: () => QueueError): void {
    for (const pending of this.#calls.takeAll()) pending.refuse(error());
    this.#subscription.listener?.ended(error());
  }

  /** @internal */
  turnedToHttp(): void {
    const { http } = this.#options;
    for (const pending of this.#calls.takeAll()) pending.goOn((call, history) => http.send(call, history));
    this.#subscription.listener?.unsupported();
  }

  /** @internal */
  tick(): void {
    this.#calls.tick();
    const since = this.#subscription.unsubscribingSince;
    if (since !== undefined && performance.now() - since > ANSWER_SECONDS * 1_000) this.restart();
    this.#keeper.updateNeed();
  }

  /** @internal */
  away(error: QueueError): void {
    this.#subscription.listener?.away(error);
  }

  /** @internal */
  live(isLive: boolean): void {
    this.#options.live(isLive);
  }

  /** @internal */
  idle(isIdle: boolean): void {
    this.#options.idle(isIdle);
  }

  /** @internal */
  get outage(): Error | undefined {
    return this.#keeper.outage;
  }

  /** @internal */
  sendSoon(): void {
    if (this.#keeper.link === undefined) this.#keeper.connect();
    else this.#planFlush();
  }

  /** @internal */
  updateNeed(): void {
    this.#keeper.updateNeed();
  }

  /** @internal */
  foreignReply(): void {
    this.#keeper.link?.endAsForeign();
  }

  /** @internal */
  giveBack(receipts: string[]): void {
    this.send({ verb: "retry", request: { receipts, begun: false } }).catch(() => undefined);
  }

  /** @internal */
  isTaken(id: number): boolean {
    return this.#subscription.has(id);
  }

  /** What is asked in the same turn of the event loop travels together. */
  #planFlush(): void {
    if (this.#isFlushPlanned || this.#keeper.link === undefined) return;
    this.#isFlushPlanned = true;
    turn(() => {
      this.#isFlushPlanned = false;
      this.#flush();
    });
  }

  /** @param lines of operations that go with the calls, behind them */
  #flush(lines: readonly string[] = []): void {
    const link = this.#keeper.link;
    if (link === undefined) return;
    this.#keeper.updateNeed();
    const writer = new FrameWriter((frame) => link.send(frame));
    this.#calls.addTo(writer);
    for (const line of lines) writer.add([line]);
    if (this.#isGrantDue) {
      this.#isGrantDue = false;
      for (const line of this.#subscription.takeLines(() => this.#calls.nextId())) writer.add([line]);
    }
    writer.flush();
  }
}
