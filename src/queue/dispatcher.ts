/** Serves those who want something of a queue now or are ready to wait for it, in order of arrival. */
import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import type { PutCommand, ReceiveCommand, Refusal, Result, SubscribeCommand } from "./base/commands.ts";
import type { Configuration } from "./base/configuration.ts";
import { BlockedPuts, type WaitingPut } from "./blocked-puts.ts";
import { JoinWaiters } from "./join-waiters.ts";
import type { Deliveries } from "./leases.ts";
import type { Messages } from "./messages.ts";
import type { Puts } from "./puts.ts";
import { type DeliverySource, type Handing, Receivers, type SubscriptionView } from "./receivers.ts";
import {
  full,
  overloaded,
  putsPaused,
  reusedKey,
  shutDown,
  storageFull,
  tooMany,
  tooManyWait,
  unknownQueue,
} from "./refusals.ts";
import type { Results } from "./results.ts";

/** What a queue is at the moment. */
export interface QueueState {
  /** False until the first put or configuration: until then nothing is stored. */
  exists: boolean;
  configuration: Configuration;
  messages: Messages;
  /** Set where no more can be stored: puts are refused then, and everything else goes on. */
  isStorageFull: boolean;
  /** False while nothing may be handed out to those who wait, who go on waiting. */
  mayHandOut: boolean;
}

/** Receives, puts and joins that wait in one queue. What comes beyond these is refused. */
const WAITS_MAX = 100_000;

export class Dispatcher {
  readonly #state: QueueState;
  readonly #results: Results;
  readonly #receivers: Receivers;
  /** Made once, because it is looked at after each command. */
  readonly #source: DeliverySource;
  readonly #blockedPuts = new BlockedPuts();
  readonly #joinWaiters = new JoinWaiters();

  constructor(state: QueueState, results: Results) {
    this.#state = state;
    this.#results = results;
    this.#receivers = new Receivers(results);
    this.#source = {
      get visible() {
        return state.messages.counts.visible;
      },
      get hasDeliverable() {
        return !results.isFull && state.messages.leases.hasDeliverable;
      },
      handOut: (handing, now, bytesMax) => this.#handOut(handing, now, bytesMax),
    };
  }

  /** Serves those who can be served at this time, then dismisses those whose wait is over. */
  advance(now: number): void {
    this.#receivers.dismissUnheard(now);
    this.serve(now);
    this.#receivers.expire(now);
    for (const { requestIds } of this.#blockedPuts.expire(now)) this.#results.refuse(requestIds, this.#noRoom);
    for (const requestId of this.#joinWaiters.expire(now))
      this.#results.add(requestId, { verb: "join", finished: false });
    // Behind a batch that was too large there may be puts that fit.
    this.serve(now);
  }

  /** When somebody who waits is next to be served or dismissed, if no command comes before; else Infinity. */
  get nextEventAt(): number {
    const waitQueues = [this.#receivers, this.#blockedPuts, this.#joinWaiters];
    if (waitQueues.every((waitQueue) => waitQueue.isEmpty)) return Number.POSITIVE_INFINITY;
    const { nextDueAt, retention } = this.#state.messages;
    return Math.min(nextDueAt, retention.nextExpiryAt, this.nextDeadline);
  }

  /** When the wait of the first is over; Infinity while all wait until they are told to stop. */
  get nextDeadline(): number {
    return Math.min(this.#receivers.nextDeadline, this.#blockedPuts.nextDeadline, this.#joinWaiters.nextDeadline);
  }

  put(requestId: number, command: PutCommand, now: number): void {
    const { configuration, messages, isStorageFull } = this.#state;
    const { maxSize } = configuration;
    const earlierTry = this.#blockedPuts.find(command.idempotencyKey);
    const put: WaitingPut = { command, requestIds: [requestId] };
    const known = messages.puts.known(command, now);
    if (known !== undefined) {
      this.#admit(put, now, known);
    } else if (configuration.shutdown !== "none") {
      this.#results.refuse([requestId], shutDown());
    } else if (isStorageFull) {
      this.#results.refuse([requestId], this.#noRoom);
    } else if (earlierTry !== undefined) {
      if (hasSameContent(earlierTry.command, command)) this.#blockedPuts.add(put, now + command.timeoutMs);
      else this.#results.refuse([requestId], reusedKey());
    } else if (maxSize > 0 && command.messages.length > maxSize) {
      this.#results.refuse([requestId], tooMany(command.messages.length, maxSize));
    } else if (this.#blockedPuts.isEmpty && this.#hasRoom(put, now)) {
      this.#admit(put, now, known);
    } else if (command.timeoutMs <= 0) {
      this.#results.refuse([requestId], this.#noRoom);
    } else if (this.#areTooManyWaiting) {
      this.#results.refuse([requestId], tooManyWait());
    } else if (!this.#blockedPuts.hasRoomFor(command)) {
      this.#results.refuse(
        [requestId],
        overloaded("The puts that wait for room in the queue take all memory for them"),
      );
    } else {
      this.#blockedPuts.add(put, now + command.timeoutMs);
    }
  }

  /** Nobody waits for a message that is visible, so whoever finds one takes it out of turn from no one. */
  receive(requestId: number, command: ReceiveCommand, now: number): void {
    const { configuration, messages } = this.#state;
    const isAnyVisible = !configuration.paused.receives && messages.leases.hasDeliverable;
    if (isAnyVisible) {
      const { deliveries, bytes } = this.#handOut(command, now);
      this.#results.add(requestId, { verb: "receive", deliveries }, bytes);
    } else if (this.#hasNothingToCome) this.#results.refuse([requestId], shutDown());
    else if (command.timeoutMs <= 0) this.#results.add(requestId, { verb: "receive", deliveries: [] });
    else if (this.#areTooManyWaiting) this.#results.refuse([requestId], tooManyWait());
    else this.#receivers.add(requestId, command, now + command.timeoutMs);
  }

  /** What is visible is pushed when the command has been answered. */
  subscribe(requestId: number, command: SubscribeCommand, now: number): void {
    if (this.#hasNothingToCome) {
      this.#results.refuse([requestId], shutDown());
      return;
    }
    const { leaseMs = this.#state.configuration.leaseMs } = command;
    this.#results.add(requestId, {
      verb: "subscribe",
      credit: this.#receivers.subscribe(command, now),
      leaseMs,
      time: now,
    });
  }

  unsubscribe(requestId: number, subscriber: number): void {
    this.#results.add(requestId, { verb: "unsubscribe", credit: this.#receivers.unsubscribe(subscriber) });
  }

  /** What is known of a subscription; undefined if there is none with this number. */
  subscription(subscriber: number): SubscriptionView | undefined {
    return this.#receivers.subscription(subscriber);
  }

  /** Something was heard from the connection of a subscription, which need not be there. */
  heard(subscriber: number): void {
    this.#receivers.heard(subscriber);
  }

  /** Ends waits as if their time were over. */
  cancelWaits(requestId: number, requestIds: readonly number[]): void {
    const meant = new Set(requestIds);
    const blockedPuts = this.#blockedPuts.leave(meant);
    const joinWaiters = this.#joinWaiters.leave(meant);
    const ended = this.#receivers.cancelWaits(meant) + blockedPuts.length + joinWaiters.length;
    this.#results.refuse(blockedPuts, this.#noRoom);
    for (const joinWaiter of joinWaiters) this.#results.add(joinWaiter, { verb: "join", finished: false });
    this.#results.add(requestId, { verb: "cancel_wait", ended });
  }

  /** Forgets those who are not there any more to be answered. */
  leave(requestIds: ReadonlySet<number>, subscriber: number | undefined): void {
    this.#receivers.leave(requestIds);
    if (subscriber !== undefined) this.#receivers.unsubscribe(subscriber);
    this.#blockedPuts.leave(requestIds);
    this.#joinWaiters.leave(requestIds);
  }

  join(requestId: number, timeoutMs: number, now: number): void {
    const { unfinished } = this.#state.messages.totals;
    if (unfinished === 0) this.#results.add(requestId, { verb: "join", finished: true });
    else if (timeoutMs <= 0) this.#results.add(requestId, { verb: "join", finished: false });
    else if (this.#areTooManyWaiting) this.#results.refuse([requestId], tooManyWait());
    else this.#joinWaiters.add(requestId, now + timeoutMs);
  }

  get #areTooManyWaiting(): boolean {
    return this.#receivers.size + this.#blockedPuts.size + this.#joinWaiters.size >= WAITS_MAX;
  }

  /** Whether there are receivers that could be served, had this commit batch not given out as much as it may. */
  get isHeldUp(): boolean {
    const { configuration, messages, mayHandOut } = this.#state;
    const isAnyMeant = mayHandOut && !configuration.paused.receives && messages.counts.visible > 0;
    return isAnyMeant && !this.#receivers.isEmpty && messages.leases.hasDeliverable;
  }

  /** Gives to those who wait what there is, in order of arrival, until nobody can be served any more. */
  serve(now: number): void {
    const { messages, configuration, mayHandOut } = this.#state;
    const { paused, shutdown } = configuration;
    messages.retention.expire(now);
    if (shutdown === "immediate") messages.discard();
    let isAnyoneServed = true;
    while (isAnyoneServed) {
      const mayServe = mayHandOut && !paused.receives && messages.counts.visible > 0;
      isAnyoneServed = mayServe && this.#receivers.serve(this.#source, now);
      for (let first = this.#blockedPuts.first(); first !== undefined; first = this.#blockedPuts.first()) {
        if (!this.#hasRoom(first, now)) break;
        this.#blockedPuts.shift();
        this.#admit(first, now, messages.puts.known(first.command, now));
        isAnyoneServed = true;
      }
    }
    while (messages.totals.unfinished === 0 && !this.#joinWaiters.isEmpty) {
      const joinWaiter = this.#joinWaiters.shift();
      if (joinWaiter !== undefined) this.#results.add(joinWaiter, { verb: "join", finished: true });
    }
    if (this.#hasNothingToCome) this.#receivers.refuse(shutDown());
  }

  /** Tells all who wait to put that nobody puts any more. */
  dismissBlockedPuts(refusal: Refusal): void {
    for (const { requestIds } of this.#blockedPuts.takeAll()) this.#results.refuse(requestIds, refusal);
  }

  /** Tells those who wait to put more at once than there may be that it will never fit. */
  dismissLargerThan(maxSize: number): void {
    for (const { command, requestIds } of this.#blockedPuts.takeLargerThan(maxSize)) {
      this.#results.refuse(requestIds, tooMany(command.messages.length, maxSize));
    }
  }

  /** The queue was deleted. Receivers go on waiting: for them an unknown name is an empty queue. All others are told. */
  dismissAtDeletion(): void {
    this.dismissBlockedPuts(unknownQueue());
    this.#results.refuse(this.#joinWaiters.takeAll(), unknownQueue());
  }

  /** Bounded are the messages that wait; what comes back from a lease may pass the bound. */
  #hasRoom(put: WaitingPut, now: number): boolean {
    const { configuration, messages, isStorageFull } = this.#state;
    const { maxSize, paused } = configuration;
    if (paused.puts || isStorageFull) return false;
    const { visible, delayed } = messages.counts;
    return maxSize === 0 || messages.puts.fitsIn(maxSize - visible - delayed, put, now);
  }

  /** @param known what is known of its idempotency key */
  #admit(put: WaitingPut, now: number, known: ReturnType<Puts["known"]>): void {
    const { requestIds } = put;
    if (known === "other") {
      this.#results.refuse(requestIds, reusedKey());
      return;
    }
    this.#state.exists = true;
    const stored = known ?? this.#state.messages.puts.put(put, now);
    const { ids, duplicates } = stored;
    const result: Result = duplicates === undefined ? { verb: "put", ids } : { verb: "put", ids, duplicates };
    for (const requestId of requestIds) this.#results.add(requestId, result);
  }

  #handOut(handing: Handing, now: number, bytesMax = BATCH_BYTES_MAX): Deliveries {
    const { max, autoAck, leaseMs, isPushed } = handing;
    const { configuration, messages } = this.#state;
    const heldForMs = autoAck ? undefined : (leaseMs ?? configuration.leaseMs);
    const taking = { max, leaseMs: heldForMs, isBegun: isPushed !== true };
    return messages.leases.handOut(taking, now, Math.min(bytesMax, this.#results.bytesLeft));
  }

  /** Whether it is certain that nobody will receive anything any more. A message that somebody holds may come back. */
  get #hasNothingToCome(): boolean {
    const { configuration, messages } = this.#state;
    const { shutdown } = configuration;
    return shutdown === "immediate" || (shutdown === "draining" && messages.isDrained);
  }

  get #noRoom(): Refusal {
    const { configuration, isStorageFull } = this.#state;
    if (isStorageFull) return storageFull();
    return configuration.paused.puts ? putsPaused() : full(configuration.maxSize);
  }
}

function hasSameContent(a: PutCommand, b: PutCommand): boolean {
  return JSON.stringify(a.messages) === JSON.stringify(b.messages);
}
