import type { RequestOf, ServerLine } from "../../../src/api/types.ts";
import type { QueueError } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";
import { turn } from "../base/platform.ts";
import { errorOf, type Place } from "../base/problem-errors.ts";
import { closed, type Pushes } from "./call.ts";
import { ANSWER_SECONDS, type AnswerLine } from "./socket-calls.ts";
import { beginLines, Subscription } from "./subscription.ts";
import type { SubscriptionListener } from "./subscription-listener.ts";

/** The connection that a subscription shares with the calls of its route. */
export interface SharedConnection {
  /** Whether the route or its manager is closed. */
  readonly isClosed: boolean;
  /** Whether no socket can be opened for the time being, so that messages must be asked for. */
  readonly isOnHttp: boolean;
  readonly isOpen: boolean;
  connect(): void;
  restart(): void;
  /** The connection has become needed. */
  needed(): void;
  /** An id that no operation has. */
  nextId(): number;
  /** Sends all calls, and these lines behind them. */
  flush(lines: readonly string[]): void;
  /** Does so at the end of the turn. */
  planFlush(): void;
}

/** The subscription of one listener on a socket: credit, deliveries that were begun, and what the server pushes. */
export class SocketPushes implements Pushes {
  readonly #place: Place;
  readonly #connection: SharedConnection;
  readonly #subscription: Subscription;
  /** Whether the acks that made room for the credit have been sent, or go with the next frame. */
  #isGrantDue = false;

  constructor(place: Place, connection: SharedConnection) {
    this.#place = place;
    this.#connection = connection;
    this.#subscription = new Subscription(place, (request) => this.grant(request));
  }

  get isOnHttp(): boolean {
    return this.#connection.isOnHttp;
  }

  /** Whether there is a listener, for which the connection is needed. */
  get isSubscribed(): boolean {
    return this.#subscription.listener !== undefined;
  }

  subscribe(listener: SubscriptionListener): void {
    if (this.#connection.isClosed) {
      listener.ended(closed(this.#place, false));
      return;
    }
    this.#subscription.listener = listener;
    if (this.isOnHttp) listener.unsupported();
    else if (this.#connection.isOpen) listener.connected();
    else this.#connection.connect();
    this.#connection.needed();
  }

  /** The grant goes behind the acks of this turn, because they made the room: no consumer holds more than it can. */
  grant(request: RequestOf<"subscribe">): boolean {
    if (!this.#connection.isOpen) return false;
    this.#subscription.grant(request);
    // Acks are gathered until the end of the turn, and sent at the end of the next.
    turn(() => {
      this.#isGrantDue = true;
      this.#connection.planFlush();
    });
    return true;
  }

  begin(receipts: readonly string[]): void {
    if (!this.#connection.isOpen) return;
    this.#connection.flush(beginLines(receipts, () => this.#connection.nextId()));
  }

  unsubscribe(): void {
    if (!this.#connection.isOpen) {
      this.#subscription.listener?.unsubscribed();
      return;
    }
    this.#subscription.unsubscribe();
    this.#isGrantDue = true;
    this.#connection.planFlush();
  }

  restart(): void {
    this.#connection.restart();
  }

  /** The lines that go behind the calls of the next frame. */
  takeLines(): string[] {
    if (!this.#isGrantDue) return [];
    this.#isGrantDue = false;
    return this.#subscription.takeLines(() => this.#connection.nextId());
  }

  /** Whether an operation with this id is not answered. */
  has(id: number): boolean {
    return this.#subscription.has(id);
  }

  /** True if this answers one of its operations. */
  answer(line: AnswerLine): boolean {
    return this.#subscription.answer(line);
  }

  /** A line that answers no operation. Lines about calls are ignored. */
  heard(line: ServerLine): void {
    const { listener } = this.#subscription;
    if ("push" in line) listener?.pushed(line.push);
    else if ("lost" in line) listener?.lost(line.lost);
    else if ("problem" in line && line.id === undefined) listener?.ended(errorOf(line.problem, this.#place));
  }

  connected(): void {
    this.#subscription.listener?.connected();
  }

  /** The connection is gone, and its credit with it. */
  disconnected(): void {
    this.#subscription.listener?.disconnected();
  }

  /** Forgets what the connection alone knew. */
  forgetConnection(): void {
    this.#subscription.clear();
  }

  unsupported(): void {
    this.#subscription.listener?.unsupported();
  }

  ended(error: QueueError): void {
    this.#subscription.listener?.ended(error);
  }

  away(error: QueueError, since: Instant): void {
    this.#subscription.listener?.away(error, since);
  }

  back(): void {
    this.#subscription.listener?.back();
  }

  /** Gives up a connection on which the end of the subscription is not answered. Called now and then. */
  tick(): void {
    const since = this.#subscription.unsubscribingSince;
    if (since !== undefined && performance.now() - since > ANSWER_SECONDS * 1_000) this.restart();
  }

  /** Takes the listener away. The result ends it. */
  close(): () => void {
    const { listener } = this.#subscription;
    this.#subscription.listener = undefined;
    this.#subscription.clear();
    return () => listener?.ended(closed(this.#place, false));
  }
}
