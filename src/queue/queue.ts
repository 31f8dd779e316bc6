/**
 * The queue: a state machine without a clock, without randomness and without I/O.
 *
 *     put ──▶ delayed ──due──▶ visible ──receive──▶ leased ──ack──▶ gone
 *                                 ▲                    │
 *                                 ├─ retry, lease over ┤
 *                                 │                    ▼ last attempt over, given up, expired
 *                                 └───── redrive ──── dead ──▶ transferring ──▶ another queue
 *
 * A message's whole life is the time at which it is next visible. Leases that end need nobody to notice: every event
 * begins with `advance`, which makes visible what is due by then.
 *
 * Whoever drives it calls `advance`, then `apply` once per command, then stores `takeCommit()`, and only then gives
 * out `takeResults()`. A command that waits is answered in a later commit batch. Nothing in here is a promise, so a group
 * of commands is applied in one turn and committed as one.
 */

import type { Command, DoneCommand, ReceiveTransferCommand, TransferResultCommand } from "./base/commands.ts";
import {
  type Configuration,
  changed,
  DEFAULT_CONFIGURATION,
  type Paused,
  type Settings,
} from "./base/configuration.ts";
import { describe } from "./describe.ts";
import { Dispatcher, type QueueState } from "./dispatcher.ts";
import { DEFAULT_MEMORY, type Memory, Messages, type Storage } from "./messages.ts";
import { isOperation, operate } from "./operations.ts";
import type { OutboundTransfer } from "./outbound-transfers.ts";
import type { SubscriptionView } from "./receivers.ts";
import { Redrives } from "./redrives.ts";
import {
  doneTooOften,
  orderConflict,
  reusedKey,
  shutDown,
  storageFull,
  unknownQueue,
  unknownVerb,
} from "./refusals.ts";
import { type CommandResult, Results } from "./results.ts";
import type { Commit, RowReader, StoredQueue } from "./store/rows.ts";
import { Waits } from "./waits.ts";

/** What is stored of a queue that exists. */
export interface Existing {
  generation: string;
  configuration: Configuration;
  /** Undefined while there has not been a commit. */
  stored?: StoredQueue;
}

export class Queue {
  /** Random text that sets this life of the queue apart from those before a deletion. */
  generation: string;
  readonly #storage: Storage;
  readonly #state: QueueState;
  readonly #results = new Results();
  readonly #dispatcher: Dispatcher;
  readonly #waits = new Waits();
  readonly #redrives = new Redrives(this.#waits, this.#results);

  /** @param origin what was stored, or the generation that the queue will have if it comes to exist */
  constructor(origin: Existing | string, reader: RowReader, memory: Memory = DEFAULT_MEMORY) {
    const storage = { reader, memory };
    const exists = typeof origin !== "string";
    const configuration = exists ? origin.configuration : DEFAULT_CONFIGURATION;
    this.generation = exists ? origin.generation : origin;
    this.#storage = storage;
    const messages = new Messages(this.generation, configuration, storage, exists ? origin.stored : undefined);
    this.#state = { exists, configuration, messages, isStorageFull: false, mayHandOut: true };
    this.#dispatcher = new Dispatcher(this.#state, this.#waits, this.#results);
  }

  /** False until the first put or configuration: until then nothing is stored. */
  get exists(): boolean {
    return this.#state.exists;
  }

  get configuration(): Configuration {
    return this.#state.configuration;
  }

  /** To be told before each commit batch whether no more can be stored: puts are refused then, and everything else goes on. */
  set isStorageFull(isFull: boolean) {
    this.#state.isStorageFull = isFull;
  }

  /** Lets time pass, then serves and dismisses those who wait. To be called before each commit batch of commands. */
  advance(now: number): void {
    this.#messages.advance(now);
    this.#dispatcher.advance(now);
  }

  /** Takes one command. Its answer, now or later, carries the request id. */
  apply(requestId: number, command: Command, now: number): void {
    if (!this.exists && !WITHOUT_EXISTENCE.has(command.verb)) {
      this.#results.refuse([requestId], unknownQueue());
      return;
    }
    if (isOperation(command)) {
      const result = operate(this.#messages, command, now);
      this.#results.add(requestId, result, result.verb === "messages" ? result.bytes : 0);
      this.#dispatcher.serve(now);
      return;
    }
    switch (command.verb) {
      case "put":
        this.#dispatcher.put(requestId, command, now);
        break;
      case "receive":
        this.#dispatcher.receive(requestId, command, now);
        break;
      case "subscribe":
        this.#dispatcher.subscribe(requestId, command, now);
        break;
      case "unsubscribe":
        this.#dispatcher.unsubscribe(requestId, command.subscriber);
        break;
      case "cancel_wait":
        this.#dispatcher.cancelWaits(requestId, command.requestIds);
        break;
      case "done":
        this.#done(requestId, command, now);
        break;
      case "join":
        this.#dispatcher.join(requestId, command.timeoutMs, now);
        break;
      case "configure":
        this.#configure(requestId, command.changes, now);
        break;
      case "describe":
        this.#results.add(requestId, { verb: "describe", description: describe(this.#state, now) });
        break;
      case "shutdown":
        this.#shutDown(requestId, command.immediate, now);
        break;
      case "pause":
        this.#pause(requestId, command.paused, now);
        break;
      case "redrive":
        this.#redrives.redrive(requestId, command, this.#messages, now);
        break;
      case "receive_transfer":
        this.#receiveTransfer(requestId, command, now);
        break;
      case "transfer_result":
        this.#transferResult(requestId, command, now);
        break;
      case "delete":
        this.#delete(requestId, command.nextGeneration);
        break;
      default:
        // From a Worker of another version, while a deployment goes on.
        this.#results.refuse([requestId], unknownVerb((command satisfies never as Command).verb));
    }
    this.#dispatcher.serve(now);
  }

  /** What the commit batch changed and must be stored before any of its answers goes out; undefined when nothing. */
  takeCommit(): Commit | undefined {
    return this.#messages.takeCommit();
  }

  takeResults(): CommandResult[] {
    return this.#results.take();
  }

  /** The receipts of leases that were ended since it was last asked, though not by who held them. */
  takeLost(): string[] {
    return this.#messages.leases.lost.take();
  }

  /** When `advance` must be called even if no command comes: where somebody waits or something is to be stored. */
  get nextEventAt(): number {
    return Math.min(this.#dispatcher.nextEventAt, this.exists ? this.#messages.nextMarkAt : Number.POSITIVE_INFINITY);
  }

  /** Whether somebody waits only until a deadline of his. All others wait until they are told to stop. */
  get hasDeadline(): boolean {
    return this.#waits.nextDeadline < Number.POSITIVE_INFINITY;
  }

  /** Forgets those who are not there any more to be answered: what they wait for, and what would be pushed to them. */
  leave(requestIds: ReadonlySet<number>, subscriber: number | undefined): void {
    this.#dispatcher.leave(requestIds, subscriber);
  }

  /** To be told before a commit batch of each subscriber whose connection has said something since the last, whatever it was. */
  heard(subscriber: number): void {
    this.#dispatcher.heard(subscriber);
  }

  /** What the queue knows of a subscription; undefined if there is none with this number. */
  subscription(subscriber: number): SubscriptionView | undefined {
    return this.#dispatcher.subscription(subscriber);
  }

  /** What is to be sent to other queues once the commit is stored. What becomes of each is to be told by "settle". */
  takeOutboundTransfers(now: number): OutboundTransfer[] {
    return this.exists ? this.#messages.transfers.takeOutboundTransfers(now) : [];
  }

  /** When `advance` must be called even if nobody waits here, because somebody elsewhere may; else Infinity. */
  get nextWakeAt(): number {
    return this.exists ? this.#messages.nextWakeAt : Number.POSITIVE_INFINITY;
  }

  /** Whether another commit batch is due at once: more has expired, or could be handed out, than fits into one. */
  get isBehind(): boolean {
    return this.#messages.retention.isBehind || this.#dispatcher.isHeldUp;
  }

  /** Whether the answers have as many bytes as one commit batch may give out: no more commands should be applied in it. */
  get areResultsFull(): boolean {
    return this.#results.isFull;
  }

  /** To be told whether messages may be handed out to those who wait. False while connections are behind with reading. */
  set mayHandOut(mayHandOut: boolean) {
    this.#state.mayHandOut = mayHandOut;
  }

  get #messages(): Messages {
    return this.#state.messages;
  }

  #done(requestId: number, { count, idempotencyKey }: DoneCommand, now: number): void {
    const { totals } = this.#messages;
    const known = this.#messages.knownDone(count, idempotencyKey, now);
    if (known === "other") {
      this.#results.refuse([requestId], reusedKey());
    } else if (!known && count > totals.unfinished) {
      this.#results.refuse([requestId], doneTooOften(count, totals.unfinished));
    } else {
      if (!known) this.#messages.done(count, idempotencyKey, now);
      this.#results.add(requestId, { verb: "done", unfinished: totals.unfinished });
    }
  }

  /** As in Python 3.13. What is discarded counts as finished, so that `join` need not wait for it. */
  #shutDown(requestId: number, immediate: boolean, now: number): void {
    const isImmediate = immediate || this.configuration.shutdown === "immediate";
    this.#change({ shutdown: isImmediate ? "immediate" : "draining" });
    this.#dispatcher.dismissBlockedPuts(shutDown());
    this.#dispatcher.serve(now);
    this.#results.add(requestId, { verb: "shutdown", description: describe(this.#state, now) });
  }

  /** What comes from another queue is held up neither by a bound nor by a pause: it was put long ago. */
  #receiveTransfer(
    requestId: number,
    { queue, generation, number, messages }: ReceiveTransferCommand,
    now: number,
  ): void {
    const source = `${queue}/${generation}`;
    const { inboundTransfers, puts } = this.#messages;
    const { shutdown } = this.configuration;
    const known = inboundTransfers.outcomeOf(source, number);
    // A queue that is new has room, although the one before it, deleted in the same commit batch, may have had none.
    const isRefused = this.exists && (shutdown !== "none" || this.#state.isStorageFull);
    let ids: string[] = [];
    if (known === undefined) inboundTransfers.remember({ source, number, isRefused });
    if (known === "refused" || (known === undefined && isRefused)) {
      this.#results.refuse([requestId], shutdown !== "none" ? shutDown() : storageFull());
      return;
    }
    if (known === undefined) {
      this.#state.exists = true;
      const newMessages = messages.map(({ deadLetter, ...message }) => ({
        ...message,
        delayMs: 0,
        deadLetter: deadLetter && { queue, ...deadLetter },
      }));
      ({ ids } = puts.put({ command: { verb: "put", messages: newMessages, timeoutMs: 0 } }, now));
    }
    this.#results.add(requestId, { verb: "receive_transfer", ids });
  }

  #transferResult(
    requestId: number,
    { generation, number, outcome, refusal }: TransferResultCommand,
    now: number,
  ): void {
    if (generation === this.generation) this.#redrives.applyOutcome(number, outcome, refusal, this.#messages, now);
    this.#results.add(requestId, { verb: "transfer_result" });
  }

  #delete(requestId: number, nextGeneration: string): void {
    this.generation = nextGeneration;
    // Server time goes on: the next life begins no earlier than this one ends.
    const { time } = this.#messages.totals;
    const messages = new Messages(nextGeneration, DEFAULT_CONFIGURATION, this.#storage);
    messages.totals.time = time;
    this.#loseAll(messages);
    Object.assign(this.#state, { exists: false, configuration: DEFAULT_CONFIGURATION, messages });
    this.#dispatcher.dismissAtDeletion();
    this.#redrives.dismiss();
    this.#results.add(requestId, { verb: "delete" });
  }

  /** The leases of this life end. To be told of in the next one. */
  #loseAll({ leases }: Messages): void {
    try {
      this.#messages.leases.loseAll();
    } catch {
      // What cannot be read can be deleted all the same: it is not told of.
    }
    for (const receipt of this.takeLost()) leases.lost.add(receipt);
  }

  #configure(requestId: number, settings: Settings, now: number): void {
    const { order, maxSize } = changed(this.configuration, settings);
    if (order !== this.configuration.order && !this.#messages.isEmpty) {
      this.#results.refuse([requestId], orderConflict(this.configuration.order));
      return;
    }
    this.#change(settings);
    if (settings.deadLetterQueue !== undefined) this.#messages.clearTransferBackoff();
    if (maxSize > 0) this.#dispatcher.dismissLargerThan(maxSize);
    this.#dispatcher.serve(now);
    this.#results.add(requestId, { verb: "configure", description: describe(this.#state, now) });
  }

  #pause(requestId: number, paused: Partial<Paused>, now: number): void {
    this.#change({ paused });
    if (paused.receives === true) this.#messages.leases.takeBack(now);
    this.#dispatcher.serve(now);
    this.#results.add(requestId, { verb: "pause", description: describe(this.#state, now) });
  }

  #change(settings: Settings): void {
    this.#state.exists = true;
    this.#state.configuration = changed(this.configuration, settings);
    this.#messages.setRules(this.configuration);
  }
}

/** These create the queue, but for the receivers': on an unknown name they wait as on an empty queue. */
const WITHOUT_EXISTENCE: ReadonlySet<Command["verb"]> = new Set([
  ...(["put", "receive_transfer", "configure", "shutdown", "pause"] as const),
  ...(["receive", "subscribe", "unsubscribe", "begin", "cancel_wait"] as const),
]);
