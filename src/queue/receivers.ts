import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import type { ReceiveCommand, Refusal, SubscribeCommand } from "./base/commands.ts";
import { TimerHeap } from "./base/timer-heap.ts";
import type { Deliveries } from "./leases.ts";
import type { Results } from "./results.ts";
import { type Waiter, WaitQueue } from "./wait-queue.ts";

/** A receive that waits: it is answered once. */
interface WaitingReceive {
  requestId: number;
  command: ReceiveCommand;
}

/** Somebody to whom messages are pushed, again and again, for as long as there is credit. */
interface Subscription {
  subscriber: number;
  /** How many more messages may be pushed. */
  credit: number;
  leaseMs: number | undefined;
  /** How much was pushed since the last grant of credit. */
  bytes: number;
  /** When the first lease ends of what was pushed since it was last heard; undefined where nothing was. */
  hearBy: number | undefined;
  /** Whether it was not heard by then. */
  isUnheard: boolean;
  /** Its place in the wait queue; undefined while it cannot be served. */
  waiter: Waiter<WaitingReceive | Subscription> | undefined;
}

/** Where messages are to be had. */
export interface DeliverySource {
  /** How many are visible; of these some may have to wait for their group. */
  readonly visible: number;
  /** False also while what this commit batch hands out has reached its bound. */
  readonly hasDeliverable: boolean;
  /** Takes messages for a receiver: the most that it may have, and for how long it holds them. */
  handOut(receive: Handing, bytesMax?: number): Deliveries;
}

/** How messages are handed out. */
export interface Handing extends Pick<ReceiveCommand, "max" | "leaseMs" | "autoAck"> {
  /** Whether they count as attempts only when it is said that a handler began with them. */
  isPushed?: boolean;
}

/**
 * Those who wait for messages, in order of arrival.
 *
 * A subscription that was served goes to the end of the wait queue, and takes no more than its share of what is visible, so
 * that no large credit keeps messages from others who wait. One whose leases end without a word from its connection is
 * served no more until there is one: most likely its worker is frozen, and would keep its messages from others again and
 * again.
 */
export class Receivers {
  readonly #results: Results;
  readonly #waiting = new WaitQueue<WaitingReceive | Subscription>();
  /** Where each receive stands, so that leaving costs no walk along the wait queue. */
  readonly #byRequestId = new Map<number, Waiter<WaitingReceive | Subscription>>();
  readonly #subscriptions = new Map<number, Subscription>();
  /** By when subscriptions must be heard to which something was pushed. */
  readonly #hearings = new TimerHeap<Subscription>();

  constructor(results: Results) {
    this.#results = results;
  }

  get isEmpty(): boolean {
    return this.#waiting.isEmpty;
  }

  /** How many stand in the wait queue. */
  get size(): number {
    return this.#waiting.size;
  }

  get nextDeadline(): number {
    return this.#waiting.nextDeadline;
  }

  add(requestId: number, command: ReceiveCommand, deadline: number): void {
    this.#byRequestId.set(requestId, this.#waiting.add({ requestId, command }, deadline));
  }

  /** Adds to a subscriber's credit, and answers how much it has. */
  subscribe({ subscriber, credit, leaseMs, hearBy }: SubscribeCommand, now: number): number {
    const known = this.#subscriptions.get(subscriber);
    const unserved = { bytes: 0, hearBy: undefined, isUnheard: false, waiter: undefined };
    const subscription = known ?? { subscriber, credit: 0, leaseMs, ...unserved };
    this.#subscriptions.set(subscriber, subscription);
    subscription.credit += credit;
    subscription.leaseMs = leaseMs;
    subscription.bytes = 0;
    if (hearBy !== undefined) {
      this.#expectWord(subscription, hearBy);
      this.dismissUnheard(now);
    }
    if (subscription.waiter === undefined) this.#lineUp(subscription);
    return subscription.credit;
  }

  /** Ends a subscription, and answers how much credit was left. */
  unsubscribe(subscriber: number): number {
    const subscription = this.#subscriptions.get(subscriber);
    if (subscription === undefined) return 0;
    this.#subscriptions.delete(subscriber);
    this.#hearings.drop(subscription);
    this.#stepOut(subscription);
    return subscription.credit;
  }

  /** Its connection has said something, whatever it was. It can be served again. */
  heard(subscriber: number): void {
    const subscription = this.#subscriptions.get(subscriber);
    if (subscription === undefined) return;
    this.#hearings.drop(subscription);
    subscription.hearBy = undefined;
    if (!subscription.isUnheard) return;
    subscription.isUnheard = false;
    this.#lineUp(subscription);
  }

  #expectWord(subscription: Subscription, hearBy: number): void {
    subscription.hearBy = hearBy;
    this.#hearings.plan(subscription, hearBy);
  }

  /** Takes those out of the wait queue who have not been heard in time. */
  dismissUnheard(now: number): void {
    for (let next = this.#hearings.take(now); next !== undefined; next = this.#hearings.take(now)) {
      next.isUnheard = true;
      this.#stepOut(next);
    }
  }

  #stepOut(subscription: Subscription): void {
    if (subscription.waiter !== undefined) this.#waiting.remove(subscription.waiter);
    subscription.waiter = undefined;
  }

  /** Puts a subscription at the end of the wait queue, if it may be pushed anything. */
  #lineUp(subscription: Subscription): void {
    const { credit, bytes, isUnheard } = subscription;
    // What was not taken in yet is bounded in its size too: who grants credit has taken in what came before.
    const canBeServed = credit > 0 && bytes < BATCH_BYTES_MAX && !isUnheard;
    subscription.waiter = canBeServed ? this.#waiting.add(subscription, Number.POSITIVE_INFINITY) : undefined;
  }

  /** Serves those who wait, in turns, for as long as there is something. Answers whether anybody was served. */
  serve(source: DeliverySource): boolean {
    let isAnyoneServed = false;
    while (!this.isEmpty && source.hasDeliverable) {
      const { size } = this.#waiting;
      const share = Math.max(1, Math.floor(source.visible / size));
      this.#serveFirst(share, source);
      for (let served = 1; served < size && source.hasDeliverable; served += 1) this.#serveFirst(share, source);
      isAnyoneServed = true;
    }
    return isAnyoneServed;
  }

  #serveFirst(share: number, source: DeliverySource): void {
    const receiver = this.#waiting.shift();
    if (receiver === undefined) return;
    if ("command" in receiver) {
      this.#byRequestId.delete(receiver.requestId);
      const { deliveries, bytes } = source.handOut(receiver.command);
      this.#results.add(receiver.requestId, { verb: "receive", deliveries }, bytes);
      return;
    }
    const { subscriber, credit, leaseMs } = receiver;
    const receive = { max: Math.min(credit, share), leaseMs, autoAck: false, isPushed: true };
    const { deliveries, bytes } = source.handOut(receive, BATCH_BYTES_MAX - receiver.bytes);
    receiver.credit -= deliveries.length;
    receiver.bytes += bytes;
    const hearBy = receiver.hearBy ?? deliveries[0]?.lease?.endsAt ?? Number.POSITIVE_INFINITY;
    this.#expectWord(receiver, hearBy);
    this.#lineUp(receiver);
    this.#results.add(subscriber, { verb: "push", deliveries, hearBy }, bytes);
  }

  /** Answers those whose deadline has come: with nothing. */
  expire(now: number): void {
    for (const receiver of this.#waiting.expire(now)) this.#dismiss(receiver);
  }

  /** Answers those with these request ids: with nothing. */
  cancelWaits(requestIds: ReadonlySet<number>): number {
    const ended = this.leave(requestIds);
    for (const receive of ended) this.#dismiss(receive);
    return ended.length;
  }

  /** Takes those with these request ids out of the wait queue. */
  leave(requestIds: ReadonlySet<number>): (WaitingReceive | Subscription)[] {
    const left: (WaitingReceive | Subscription)[] = [];
    for (const requestId of requestIds) {
      const waiter = this.#byRequestId.get(requestId);
      if (waiter === undefined) continue;
      this.#byRequestId.delete(requestId);
      const receiver = this.#waiting.remove(waiter);
      if (receiver !== undefined) left.push(receiver);
    }
    return left;
  }

  /** Tells all that nothing will come any more. */
  refuse(refusal: Refusal): void {
    for (const receiver of this.#waiting.takeAll()) {
      if ("command" in receiver) this.#results.refuse([receiver.requestId], refusal);
    }
    this.#results.refuse([...this.#subscriptions.keys()], refusal);
    this.#subscriptions.clear();
    this.#hearings.clear();
    this.#byRequestId.clear();
  }

  #dismiss(receiver: WaitingReceive | Subscription): void {
    if (!("command" in receiver)) return;
    this.#byRequestId.delete(receiver.requestId);
    this.#results.add(receiver.requestId, { verb: "receive", deliveries: [] });
  }
}
