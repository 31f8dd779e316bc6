import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import type { ReceiveCommand, Refusal, SubscribeCommand } from "./base/commands.ts";
import { TimerHeap } from "./base/timer-heap.ts";
import type { Deliveries } from "./leases.ts";
import type { Results } from "./waiting/results.ts";
import { type Place, WaitQueue, type Waits } from "./waiting/waits.ts";

/** A receive that waits: it is answered once. */
interface WaitingReceive {
  kind: "receive";
  requestIds: [requestId: number];
  command: ReceiveCommand;
}

/** A subscription: messages are pushed to it again and again, for as long as it has credit. */
interface Subscription {
  kind: "subscription";
  requestIds: [];
  subscriber: number;
  /** How many more messages may be pushed. */
  credit: number;
  leaseMs: number | undefined;
  /** The bytes that were pushed since the last grant of credit. */
  bytes: number;
  /** When the first lease ends of the messages pushed since it was last heard; undefined if there are none. */
  hearBy: number | undefined;
  /** Whether it was not heard by then. */
  isUnheard: boolean;
  /** Its place in the wait queue; undefined while it cannot be served. */
  place: Place<WaitingReceive | Subscription> | undefined;
  /** See `SubscriptionView`. */
  position: number;
}

/** Whether a receive waits until as many messages are visible as it takes. */
export function isFilling({ fillMs = 0 }: ReceiveCommand): boolean {
  return fillMs > 0;
}

/** What the queue knows of a subscription. */
export interface SubscriptionView {
  /** How many more messages may be pushed. */
  credit: number;
  /** How long pushed messages are leased, in milliseconds; undefined for the lease time of the queue. */
  leaseMs: number | undefined;
  /** If the subscriber is not heard before this time, nothing more is pushed; undefined if nothing was pushed since. */
  hearBy: number | undefined;
  /**
   * Its order among all that wait for messages: the smaller waits longer. The position of a receive is its request id,
   * so request ids must count up. Not comparable with the positions that another `Queue` object gave.
   */
  position: number;
}

/** Added for each subscription, so that its position stays between two request ids. Exact for request ids up to 2^33. */
const POSITION_STEP = 2 ** -20;

/** Where receivers get messages from. */
export interface DeliverySource {
  /** How many messages are visible. Some of them may have to wait for their group. */
  readonly visible: number;
  /** Whether a message can be handed out now. False also once this commit batch has handed out as many bytes as it may. */
  readonly hasDeliverable: boolean;
  /** Takes messages for a receiver. */
  handOut(handing: Handing, now: number, bytesMax?: number): Deliveries;
}

/** How messages are handed out. */
export interface Handing extends Pick<ReceiveCommand, "max" | "leaseMs" | "autoAck"> {
  /** Whether the deliveries count as attempts only when a handler is reported to have begun. */
  isPushed?: boolean;
}

/**
 * Receives and subscriptions that wait for messages, in order of arrival.
 *
 * A subscription that was served goes to the end of the wait queue, and takes no more than its share of what is visible, so
 * that no large credit keeps messages from the others. A subscription whose leases end while its connection sends nothing
 * is not served until the connection sends something: most likely its worker is frozen, and would keep its messages from
 * others again and again.
 *
 * Receives that wait to fill have a wait queue of their own, which is served with what the others leave.
 */
export class Receivers {
  readonly #results: Results;
  readonly #waiting: WaitQueue<WaitingReceive | Subscription>;
  readonly #filling: WaitQueue<WaitingReceive>;
  #fillBy = Number.POSITIVE_INFINITY;
  readonly #subscriptions = new Map<number, Subscription>();
  /** By when the subscriptions must be heard to which messages were pushed. */
  readonly #hearings = new TimerHeap<Subscription>();
  /** The position of the receive or subscription that was the last to come to the end of the wait queue. */
  #lastPosition = 0;

  constructor(waits: Waits, results: Results) {
    this.#results = results;
    this.#waiting = new WaitQueue(waits);
    this.#filling = new WaitQueue(waits);
  }

  get isEmpty(): boolean {
    return this.#waiting.isEmpty && this.#filling.isEmpty;
  }

  /** When the first receive that waits to fill is served with what there is, in milliseconds; else Infinity. */
  get fillBy(): number {
    return this.#filling.isEmpty ? Number.POSITIVE_INFINITY : this.#fillBy;
  }

  /** Notes that no message is visible: the time to fill begins with the next one. */
  foundNothing(): void {
    this.#fillBy = Number.POSITIVE_INFINITY;
  }

  add(requestId: number, command: ReceiveCommand, deadline: number): void {
    const receive: WaitingReceive = { kind: "receive", requestIds: [requestId], command };
    if (isFilling(command)) this.#filling.add(receive, deadline);
    else this.#waiting.add(receive, deadline);
    this.#lastPosition = Math.max(this.#lastPosition, requestId);
  }

  /** Undefined if there is no subscription with this number. */
  subscription(subscriber: number): SubscriptionView | undefined {
    const subscription = this.#subscriptions.get(subscriber);
    if (subscription === undefined) return undefined;
    const { credit, leaseMs, hearBy, position } = subscription;
    return { credit, leaseMs, hearBy, position };
  }

  /** Adds to a subscriber's credit, and answers with the sum. */
  subscribe({ subscriber, credit, leaseMs, hearBy }: SubscribeCommand, now: number): number {
    const known = this.#subscriptions.get(subscriber);
    const subscription = known ?? newSubscription(subscriber);
    this.#subscriptions.set(subscriber, subscription);
    subscription.credit += credit;
    subscription.leaseMs = leaseMs;
    subscription.bytes = 0;
    if (hearBy !== undefined) {
      this.#expectToHear(subscription, hearBy);
      this.dismissUnheard(now);
    }
    if (subscription.place === undefined) this.#joinQueue(subscription);
    return subscription.credit;
  }

  /** Ends a subscription, and answers with the credit that was left. */
  unsubscribe(subscriber: number): number {
    const subscription = this.#subscriptions.get(subscriber);
    if (subscription === undefined) return 0;
    this.#subscriptions.delete(subscriber);
    this.#hearings.drop(subscription);
    this.#leaveQueue(subscription);
    return subscription.credit;
  }

  /** Notes that the connection of a subscription, which need not exist, has sent something. It can be served again. */
  heard(subscriber: number): void {
    const subscription = this.#subscriptions.get(subscriber);
    if (subscription === undefined) return;
    this.#hearings.drop(subscription);
    subscription.hearBy = undefined;
    if (!subscription.isUnheard) return;
    subscription.isUnheard = false;
    this.#joinQueue(subscription);
  }

  #expectToHear(subscription: Subscription, hearBy: number): void {
    subscription.hearBy = hearBy;
    this.#hearings.plan(subscription, hearBy);
  }

  /** Takes the subscriptions out of the wait queue that were not heard in time. */
  dismissUnheard(now: number): void {
    for (let next = this.#hearings.take(now); next !== undefined; next = this.#hearings.take(now)) {
      next.isUnheard = true;
      this.#leaveQueue(next);
    }
  }

  #leaveQueue(subscription: Subscription): void {
    if (subscription.place !== undefined) this.#waiting.remove(subscription.place);
    subscription.place = undefined;
  }

  /** Gives a subscription a new position, and puts it at the end of the wait queue if it may be pushed anything. */
  #joinQueue(subscription: Subscription): void {
    this.#lastPosition += POSITION_STEP;
    subscription.position = this.#lastPosition;
    const { credit, bytes, isUnheard } = subscription;
    // What a client has not read is bounded in bytes too. A client that grants credit has read what was pushed before.
    const canBeServed = credit > 0 && bytes < BATCH_BYTES_MAX && !isUnheard;
    subscription.place = canBeServed ? this.#waiting.add(subscription) : undefined;
  }

  /** Serves what waits, in turns, for as long as there are messages. Answers whether any receiver was served. */
  serve(source: DeliverySource, now: number): boolean {
    let isAnyoneServed = false;
    while (!this.#waiting.isEmpty && source.hasDeliverable) {
      const { size } = this.#waiting;
      const share = Math.max(1, Math.floor(source.visible / size));
      this.#serveFirst(share, source, now);
      for (let served = 1; served < size && source.hasDeliverable; served += 1) this.#serveFirst(share, source, now);
      isAnyoneServed = true;
    }
    while (this.#isFilled(source, now) && source.hasDeliverable) {
      const receive = this.#filling.shift();
      if (receive !== undefined) this.#answer(receive, source, now);
      // What is left begins to wait now.
      this.#fillBy = Number.POSITIVE_INFINITY;
      isAnyoneServed = true;
    }
    const fillMs = this.#filling.first()?.command.fillMs;
    if (fillMs !== undefined && source.hasDeliverable) this.#fillBy = Math.min(this.#fillBy, now + fillMs);
    return isAnyoneServed;
  }

  /** Whether a receiver could be served if there is a message that can be handed out. */
  isAnyReady(source: DeliverySource, now: number): boolean {
    return !this.#waiting.isEmpty || this.#isFilled(source, now);
  }

  #isFilled(source: DeliverySource, now: number): boolean {
    const first = this.#filling.first();
    return first !== undefined && (source.visible >= first.command.max || now >= this.#fillBy);
  }

  #answer({ requestIds, command }: WaitingReceive, source: DeliverySource, now: number): void {
    const { deliveries, bytes } = source.handOut(command, now, command.bytesMax);
    this.#results.add(requestIds[0], { verb: "receive", deliveries }, bytes);
  }

  #serveFirst(share: number, source: DeliverySource, now: number): void {
    const receiver = this.#waiting.shift();
    if (receiver === undefined) return;
    if (receiver.kind === "receive") {
      this.#answer(receiver, source, now);
      return;
    }
    const { subscriber, credit, leaseMs } = receiver;
    const receive = { max: Math.min(credit, share), leaseMs, autoAck: false, isPushed: true };
    const { deliveries, bytes } = source.handOut(receive, now, BATCH_BYTES_MAX - receiver.bytes);
    receiver.credit -= deliveries.length;
    receiver.bytes += bytes;
    const hearBy = receiver.hearBy ?? deliveries[0]?.lease?.endsAt ?? Number.POSITIVE_INFINITY;
    this.#expectToHear(receiver, hearBy);
    this.#joinQueue(receiver);
    this.#results.add(subscriber, { verb: "push", deliveries, hearBy }, bytes);
  }

  /** Refuses all receives, and ends all subscriptions. */
  refuse(refusal: Refusal): void {
    for (const { requestIds } of this.#waiting.takeAll()) this.#results.refuse(requestIds, refusal);
    for (const { requestIds } of this.#filling.takeAll()) this.#results.refuse(requestIds, refusal);
    this.#results.refuse([...this.#subscriptions.keys()], refusal);
    this.#subscriptions.clear();
    this.#hearings.clear();
  }
}

function newSubscription(subscriber: number): Subscription {
  const unserved = { bytes: 0, hearBy: undefined, isUnheard: false, place: undefined, position: 0 };
  return { kind: "subscription", requestIds: [], subscriber, credit: 0, leaseMs: undefined, ...unserved };
}
