import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import type { Answers } from "./answers.ts";
import type { ReceiveCommand, Refusal, SubscribeCommand } from "./commands.ts";
import type { Deliveries } from "./leases.ts";
import { type Waiter, WaitingLine } from "./waiting-line.ts";

/** A receive that waits: it is answered once. */
interface WaitingReceive {
  ticket: number;
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
  /** Its place in the line; undefined while it cannot be served. */
  waiter: Waiter<WaitingReceive | Subscription> | undefined;
}

/** Where messages are to be had. */
export interface Stock {
  /** How many are visible; of these some may have to wait for their group. */
  readonly visible: number;
  /** False also while what this round hands out has reached its bound. */
  readonly isAnyNext: boolean;
  /** Takes messages for a receiver: the most that it may have, and for how long it holds them. */
  handOut(receive: Pick<ReceiveCommand, "max" | "leaseMs" | "autoAck">, bytesMax?: number): Deliveries;
}

/**
 * Those who wait for messages, in order of arrival.
 *
 * A subscription that was served goes to the end of the line, and takes no more than its share of what is visible, so
 * that no large credit keeps messages from others who wait.
 */
export class Receivers {
  readonly #answers: Answers;
  readonly #line = new WaitingLine<WaitingReceive | Subscription>();
  /** Where each receive stands, so that leaving costs no walk along the line. */
  readonly #byTicket = new Map<number, Waiter<WaitingReceive | Subscription>>();
  readonly #subscriptions = new Map<number, Subscription>();

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  get isEmpty(): boolean {
    return this.#line.isEmpty;
  }

  /** How many stand in the line. */
  get size(): number {
    return this.#line.size;
  }

  get nextDeadline(): number {
    return this.#line.nextDeadline;
  }

  add(ticket: number, command: ReceiveCommand, deadline: number): void {
    this.#byTicket.set(ticket, this.#line.add({ ticket, command }, deadline));
  }

  /** Adds to a subscriber's credit, and answers how much it has. */
  subscribe({ subscriber, credit, leaseMs }: SubscribeCommand): number {
    const known = this.#subscriptions.get(subscriber);
    const subscription = known ?? { subscriber, credit: 0, leaseMs, bytes: 0, waiter: undefined };
    this.#subscriptions.set(subscriber, subscription);
    subscription.credit += credit;
    subscription.leaseMs = leaseMs;
    subscription.bytes = 0;
    if (subscription.waiter === undefined) this.#lineUp(subscription);
    return subscription.credit;
  }

  /** Ends a subscription, and answers how much credit was left. */
  unsubscribe(subscriber: number): number {
    const subscription = this.#subscriptions.get(subscriber);
    this.#subscriptions.delete(subscriber);
    if (subscription?.waiter !== undefined) this.#line.remove(subscription.waiter);
    return subscription?.credit ?? 0;
  }

  /** Puts a subscription at the end of the line, if it may be pushed anything. */
  #lineUp(subscription: Subscription): void {
    const { credit, bytes } = subscription;
    // What was not taken in yet is bounded in its size too: who grants credit has taken in what came before.
    const canBeServed = credit > 0 && bytes < BATCH_BYTES_MAX;
    subscription.waiter = canBeServed ? this.#line.add(subscription, Number.POSITIVE_INFINITY) : undefined;
  }

  /** Serves those who wait, in turns, for as long as there is something. Answers whether anybody was served. */
  serve(stock: Stock): boolean {
    let isAnyoneServed = false;
    while (!this.isEmpty && stock.isAnyNext) {
      const { size } = this.#line;
      const share = Math.max(1, Math.floor(stock.visible / size));
      this.#serveFirst(share, stock);
      for (let served = 1; served < size && stock.isAnyNext; served += 1) this.#serveFirst(share, stock);
      isAnyoneServed = true;
    }
    return isAnyoneServed;
  }

  #serveFirst(share: number, stock: Stock): void {
    const receiver = this.#line.serve();
    if (receiver === undefined) return;
    if ("command" in receiver) {
      this.#byTicket.delete(receiver.ticket);
      const { deliveries, bytes } = stock.handOut(receiver.command);
      this.#answers.add(receiver.ticket, { verb: "receive", deliveries }, bytes);
      return;
    }
    const { subscriber, credit, leaseMs } = receiver;
    const receive = { max: Math.min(credit, share), leaseMs, autoAck: false };
    const { deliveries, bytes } = stock.handOut(receive, BATCH_BYTES_MAX - receiver.bytes);
    receiver.credit -= deliveries.length;
    receiver.bytes += bytes;
    this.#lineUp(receiver);
    this.#answers.add(subscriber, { verb: "push", deliveries }, bytes);
  }

  /** Answers those whose deadline has come: with nothing. */
  expire(now: number): void {
    for (const receiver of this.#line.expire(now)) this.#dismiss(receiver);
  }

  /** Answers those with these tickets: with nothing. */
  stop(tickets: ReadonlySet<number>): number {
    const stopped = this.leave(tickets);
    for (const receive of stopped) this.#dismiss(receive);
    return stopped.length;
  }

  /** Takes those with these tickets out of the line. */
  leave(tickets: ReadonlySet<number>): (WaitingReceive | Subscription)[] {
    const left: (WaitingReceive | Subscription)[] = [];
    for (const ticket of tickets) {
      const waiter = this.#byTicket.get(ticket);
      if (waiter === undefined) continue;
      this.#byTicket.delete(ticket);
      const receiver = this.#line.remove(waiter);
      if (receiver !== undefined) left.push(receiver);
    }
    return left;
  }

  /** Tells all that nothing will come any more. */
  refuse(refusal: Refusal): void {
    for (const receiver of this.#line.takeAll()) {
      if ("command" in receiver) this.#answers.refuse([receiver.ticket], refusal);
    }
    this.#answers.refuse([...this.#subscriptions.keys()], refusal);
    this.#subscriptions.clear();
    this.#byTicket.clear();
  }

  #dismiss(receiver: WaitingReceive | Subscription): void {
    if (!("command" in receiver)) return;
    this.#byTicket.delete(receiver.ticket);
    this.#answers.add(receiver.ticket, { verb: "receive", deliveries: [] });
  }
}
