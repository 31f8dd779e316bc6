/** Serves those who want something of a queue now or are ready to wait for it, in order of arrival. */
import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import type { PutCommand, ReceiveCommand, Refusal, Result, SubscribeCommand } from "./base/commands.ts";
import type { Configuration } from "./base/configuration.ts";
import { type BlockedPut, BlockedPuts } from "./blocked-puts.ts";
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
import { type EndedWait, type Wait, WaitQueue, type Waits } from "./waits.ts";

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

interface Join extends Wait {
  kind: "join";
}

export class Dispatcher {
  readonly #state: QueueState;
  readonly #results: Results;
  readonly #waits: Waits;
  readonly #receivers: Receivers;
  /** Made once, because it is looked at after each command. */
  readonly #source: DeliverySource;
  readonly #blockedPuts: BlockedPuts;
  readonly #joins: WaitQueue<Join>;

  constructor(state: QueueState, waits: Waits, results: Results) {
    this.#state = state;
    this.#results = results;
    this.#waits = waits;
    this.#receivers = new Receivers(waits, results);
    this.#blockedPuts = new BlockedPuts(waits);
    this.#joins = new WaitQueue(waits);
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
    for (const wait of this.#waits.expire(now)) this.#answerEnded(wait);
    // Behind a batch that was too large there may be puts that fit.
    this.serve(now);
  }

  /** When somebody who waits is next to be served or dismissed, if no command comes before; else Infinity. */
  get nextEventAt(): number {
    // A redrive does not count: what it waits for is a command.
    if ([this.#receivers, this.#blockedPuts, this.#joins].every(({ isEmpty }) => isEmpty))
      return Number.POSITIVE_INFINITY;
    const { nextDueAt, retention } = this.#state.messages;
    return Math.min(nextDueAt, retention.nextExpiryAt, this.#waits.nextDeadline);
  }

  put(requestId: number, command: PutCommand, now: number): void {
    const { configuration, messages, isStorageFull } = this.#state;
    const { maxSize } = configuration;
    const earlierTry = this.#blockedPuts.find(command.idempotencyKey);
    const put: BlockedPut = { kind: "put", command, requestIds: [requestId] };
    const known = messages.puts.known(command, now);
    if (known !== undefined) {
      this.#admit(put, now, known);
    } else if (configuration.shutdown !== "none") {
      this.#results.refuse([requestId], shutDown());
    } else if (isStorageFull) {
      this.#results.refuse([requestId], this.#noRoom);
    } else if (earlierTry !== undefined) {
      if (hasSameContent(earlierTry.command, command))
        this.#blockedPuts.add(requestId, command, now + command.timeoutMs);
      else this.#results.refuse([requestId], reusedKey());
    } else if (maxSize > 0 && command.messages.length > maxSize) {
      this.#results.refuse([requestId], tooMany(command.messages.length, maxSize));
    } else if (this.#blockedPuts.isEmpty && this.#hasRoom(put, now)) {
      this.#admit(put, now, known);
    } else if (command.timeoutMs <= 0) {
      this.#results.refuse([requestId], this.#noRoom);
    } else if (this.#waits.isFull) {
      this.#results.refuse([requestId], tooManyWait());
    } else if (!this.#blockedPuts.hasRoomFor(command)) {
      this.#results.refuse(
        [requestId],
        overloaded("The puts that wait for room in the queue take all memory for them"),
      );
    } else {
      this.#blockedPuts.add(requestId, command, now + command.timeoutMs);
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
    else if (this.#waits.isFull) this.#results.refuse([requestId], tooManyWait());
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

  /** Ends waits as if their time were over. A redrive goes on waiting: its messages are on their way. */
  cancelWaits(requestId: number, requestIds: readonly number[]): void {
    const ended = this.#waits.end(requestIds, (kind) => kind !== "redrive");
    for (const wait of ended) this.#answerEnded(wait);
    this.#results.add(requestId, { verb: "cancel_wait", ended: ended.length });
  }

  /** Answers a wait that ended before what it waited for came. */
  #answerEnded({ kind, requestIds }: EndedWait): void {
    for (const requestId of requestIds) {
      if (kind === "receive") this.#results.add(requestId, { verb: "receive", deliveries: [] });
      else if (kind === "join") this.#results.add(requestId, { verb: "join", finished: false });
      else this.#results.add(requestId, this.#noRoom);
    }
  }

  /** Forgets commands that need no answer any more, and what would be pushed to a subscriber. */
  leave(requestIds: ReadonlySet<number>, subscriber: number | undefined): void {
    this.#waits.end(requestIds);
    if (subscriber !== undefined) this.#receivers.unsubscribe(subscriber);
  }

  join(requestId: number, timeoutMs: number, now: number): void {
    const { unfinished } = this.#state.messages.totals;
    if (unfinished === 0) this.#results.add(requestId, { verb: "join", finished: true });
    else if (timeoutMs <= 0) this.#results.add(requestId, { verb: "join", finished: false });
    else if (this.#waits.isFull) this.#results.refuse([requestId], tooManyWait());
    else this.#joins.add({ kind: "join", requestIds: [requestId] }, now + timeoutMs);
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
    if (messages.totals.unfinished === 0) {
      for (let join = this.#joins.shift(); join !== undefined; join = this.#joins.shift()) {
        for (const requestId of join.requestIds) this.#results.add(requestId, { verb: "join", finished: true });
      }
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
    for (const { requestIds } of this.#joins.takeAll()) this.#results.refuse(requestIds, unknownQueue());
  }

  /** Bounded are the messages that wait; what comes back from a lease may pass the bound. */
  #hasRoom(put: BlockedPut, now: number): boolean {
    const { configuration, messages, isStorageFull } = this.#state;
    const { maxSize, paused } = configuration;
    if (paused.puts || isStorageFull) return false;
    const { visible, delayed } = messages.counts;
    return maxSize === 0 || messages.puts.fitsIn(maxSize - visible - delayed, put, now);
  }

  /** @param known what is known of its idempotency key */
  #admit(put: BlockedPut, now: number, known: ReturnType<Puts["known"]>): void {
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
