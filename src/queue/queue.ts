/**
 * The queue: a state machine without a clock, without randomness and without I/O.
 *
 *     put ──▶ delayed ──due──▶ visible ──receive──▶ leased ──ack──▶ gone
 *                                 ▲                    │
 *                                 └─ retry, lease over ┘
 *
 * A message's whole life is the time at which it is next visible. Leases that end need nobody to notice: every event
 * begins with `advance`, which makes visible what is due by then.
 *
 * Whoever drives it calls `advance`, then `apply` once per command, then stores `takeCommit()`, and only then gives
 * out `takeAnswers()`. A command that waits is answered in a later round. Nothing in here is a promise, so a group
 * of commands is applied in one turn and committed as one.
 */
import type { Command, Description, DoneCommand, PutCommand, ReceiveCommand, Refusal, Result } from "./commands.ts";
import { type Configuration, changed, DEFAULT_CONFIGURATION, type Paused, type Settings } from "./configuration.ts";
import { DEFAULT_MEMORY, type Memory, Messages, type Storage } from "./messages.ts";
import { isOperation, operate } from "./operations.ts";
import { Putters, type WaitingPut } from "./putters.ts";
import {
  doneTooOften,
  full,
  orderConflict,
  putsPaused,
  reusedKey,
  shutDown,
  storageFull,
  tooMany,
  unknownQueue,
} from "./refusals.ts";
import type { Commit, RowReader, StoredQueue } from "./rows.ts";
import { WaitingLine } from "./waiting-line.ts";

/** What is stored of a queue that exists. */
export interface Existing {
  incarnation: string;
  configuration: Configuration;
  /** Undefined while there has not been a commit. */
  stored?: StoredQueue;
}

export interface Answer {
  /** Which command this answers: the number given with it. */
  ticket: number;
  result: Result;
}

export class Queue {
  /** Random text that sets this life of the queue apart from those before a deletion. */
  incarnation: string;
  /** False until the first put or configuration: until then nothing is stored. */
  exists: boolean;
  configuration: Configuration;
  /** Set where no more can be stored: puts are refused then, and everything else goes on. */
  isStorageFull = false;
  readonly #storage: Storage;
  #messages: Messages;
  readonly #receivers = new WaitingLine<{ ticket: number; command: ReceiveCommand }>();
  readonly #putters = new Putters();
  readonly #joiners = new WaitingLine<{ ticket: number }>();
  #answers: Answer[] = [];

  /** @param origin what was stored, or the incarnation that the queue will have if it comes to exist */
  constructor(origin: Existing | string, reader: RowReader, memory: Memory = DEFAULT_MEMORY) {
    const storage = { reader, memory };
    this.#storage = storage;
    if (typeof origin === "string") {
      this.exists = false;
      this.incarnation = origin;
      this.configuration = DEFAULT_CONFIGURATION;
      this.#messages = new Messages(origin, DEFAULT_CONFIGURATION, storage);
    } else {
      this.exists = true;
      this.incarnation = origin.incarnation;
      this.configuration = origin.configuration;
      this.#messages = new Messages(origin.incarnation, origin.configuration, storage, origin.stored);
    }
  }

  /** Lets time pass, then serves and dismisses those who wait. To be called before each round of commands. */
  advance(now: number): void {
    this.#messages.advance(now);
    this.#serve(now);
    for (const { ticket } of this.#receivers.expire(now)) this.#answer(ticket, { verb: "receive", deliveries: [] });
    for (const { tickets } of this.#putters.expire(now)) this.#refuse(tickets, this.#noRoom);
    for (const { ticket } of this.#joiners.expire(now)) this.#answer(ticket, { verb: "join", finished: false });
    // Behind a batch that was too large there may be puts that fit.
    this.#serve(now);
  }

  /** Takes one command. Its answer, now or later, carries the ticket. */
  apply(ticket: number, command: Command, now: number): void {
    if (!this.exists && !WITHOUT_EXISTENCE.has(command.verb)) {
      this.#refuse([ticket], unknownQueue());
      return;
    }
    if (isOperation(command)) {
      this.#answer(ticket, operate(this.#messages, command, now));
      this.#serve(now);
      return;
    }
    switch (command.verb) {
      case "put":
        this.#put(ticket, command, now);
        break;
      case "receive":
        this.#receive(ticket, command, now);
        break;
      case "done":
        this.#done(ticket, command, now);
        break;
      case "join":
        this.#join(ticket, now + command.timeoutMs, command.timeoutMs);
        break;
      case "configure":
        this.#configure(ticket, command.changes, now);
        break;
      case "inspect":
        this.#answer(ticket, { verb: "inspect", description: this.#describe(now) });
        break;
      case "shutdown":
        this.#shutDown(ticket, command.immediate, now);
        break;
      case "pause":
        this.#pause(ticket, command.paused, now);
        break;
      case "delete":
        this.#delete(ticket, command.nextIncarnation);
        break;
      default:
        command satisfies never;
    }
    this.#serve(now);
  }

  /** What the round changed and must be stored before any of its answers goes out; undefined when nothing. */
  takeCommit(): Commit | undefined {
    return this.#messages.takeCommit();
  }

  takeAnswers(): Answer[] {
    const answers = this.#answers;
    this.#answers = [];
    return answers;
  }

  /** When `advance` must be called even if no command comes: only where somebody waits, else Infinity. */
  get nextEventAt(): number {
    const nextVisibleAt = this.#receivers.isEmpty ? Number.POSITIVE_INFINITY : this.#messages.nextDueAt;
    return Math.min(
      nextVisibleAt,
      this.#receivers.nextDeadline,
      this.#putters.nextDeadline,
      this.#joiners.nextDeadline,
    );
  }

  #put(ticket: number, command: PutCommand, now: number): void {
    const { maxSize } = this.configuration;
    const earlierTry = this.#putters.find(command.idempotencyKey);
    if (this.#messages.puts.known(command, now) !== undefined) {
      this.#admit({ command, tickets: [ticket] }, now);
    } else if (this.configuration.shutdown !== "none") {
      this.#refuse([ticket], shutDown());
    } else if (this.isStorageFull) {
      this.#refuse([ticket], this.#noRoom);
    } else if (earlierTry !== undefined) {
      if (hasSameContent(earlierTry.command, command)) this.#putters.add(ticket, command, now + command.timeoutMs);
      else this.#refuse([ticket], reusedKey());
    } else if (maxSize > 0 && command.messages.length > maxSize) {
      this.#refuse([ticket], tooMany(command.messages.length, maxSize));
    } else if (this.#putters.isEmpty && this.#hasRoom(command, now)) {
      this.#admit({ command, tickets: [ticket] }, now);
    } else if (command.timeoutMs <= 0) {
      this.#refuse([ticket], this.#noRoom);
    } else {
      this.#putters.add(ticket, command, now + command.timeoutMs);
    }
  }

  /** Bounded are the messages that wait; what comes back from a lease may pass the bound. */
  #hasRoom({ messages }: PutCommand, now: number): boolean {
    const { maxSize, paused } = this.configuration;
    if (paused.puts || this.isStorageFull) return false;
    const { visible, delayed } = this.#messages.counts;
    return maxSize === 0 || visible + delayed + this.#messages.puts.fresh(messages, now).length <= maxSize;
  }

  #admit({ command, tickets }: WaitingPut, now: number): void {
    const known = this.#messages.puts.known(command, now);
    if (known === "other") {
      this.#refuse(tickets, reusedKey());
      return;
    }
    this.exists = true;
    const ids = known ?? this.#messages.puts.put(command, now);
    for (const ticket of tickets) this.#answer(ticket, { verb: "put", ids });
  }

  /** Gives to those who wait what there is, in order of arrival, until nobody can be served any more. */
  #serve(now: number): void {
    const { paused, shutdown } = this.configuration;
    if (shutdown === "immediate") this.#messages.discard();
    let isAnyoneServed = true;
    while (isAnyoneServed) {
      isAnyoneServed = false;
      while (!paused.receives && this.#messages.counts.visible > 0 && !this.#receivers.isEmpty) {
        const receiver = this.#receivers.serve();
        if (receiver !== undefined) this.#handOut(receiver.ticket, receiver.command, now);
        isAnyoneServed = true;
      }
      for (let first = this.#putters.first(); first !== undefined; first = this.#putters.first()) {
        if (!this.#hasRoom(first.command, now)) break;
        this.#putters.serve();
        this.#admit(first, now);
        isAnyoneServed = true;
      }
    }
    while (this.#messages.totals.unfinished === 0 && !this.#joiners.isEmpty) {
      const joiner = this.#joiners.serve();
      if (joiner !== undefined) this.#answer(joiner.ticket, { verb: "join", finished: true });
    }
    while (this.#hasNothingToCome && !this.#receivers.isEmpty) {
      const receiver = this.#receivers.serve();
      if (receiver !== undefined) this.#refuse([receiver.ticket], shutDown());
    }
  }

  /** Nobody waits for a message that is visible, so whoever finds one takes it out of turn from no one. */
  #receive(ticket: number, command: ReceiveCommand, now: number): void {
    const isAnyVisible = this.#messages.counts.visible > 0 && !this.configuration.paused.receives;
    if (isAnyVisible) this.#handOut(ticket, command, now);
    else if (this.#hasNothingToCome) this.#refuse([ticket], shutDown());
    else if (command.timeoutMs <= 0) this.#answer(ticket, { verb: "receive", deliveries: [] });
    else this.#receivers.add({ ticket, command }, now + command.timeoutMs);
  }

  /** Whether it is certain that nobody will receive anything any more. A message that somebody holds may come back. */
  get #hasNothingToCome(): boolean {
    const { shutdown } = this.configuration;
    return shutdown === "immediate" || (shutdown === "draining" && this.#messages.isDrained);
  }

  /** As in Python 3.13. What is discarded counts as finished, so that `join` need not wait for it. */
  #shutDown(ticket: number, immediate: boolean, now: number): void {
    const isImmediate = immediate || this.configuration.shutdown === "immediate";
    this.#change({ shutdown: isImmediate ? "immediate" : "draining" });
    for (const { tickets } of this.#putters.expire(Number.POSITIVE_INFINITY)) this.#refuse(tickets, shutDown());
    this.#serve(now);
    this.#answer(ticket, { verb: "shutdown", description: this.#describe(now) });
  }

  #handOut(ticket: number, { max, autoAck, leaseMs }: ReceiveCommand, now: number): void {
    const deliveries = this.#messages.handOut(max, autoAck ? undefined : (leaseMs ?? this.configuration.leaseMs), now);
    this.#answer(ticket, { verb: "receive", deliveries });
  }

  #done(ticket: number, { count, idempotencyKey }: DoneCommand, now: number): void {
    const { totals } = this.#messages;
    const known = this.#messages.knownDone(count, idempotencyKey, now);
    if (known === "other") {
      this.#refuse([ticket], reusedKey());
    } else if (!known && count > totals.unfinished) {
      this.#refuse([ticket], doneTooOften(count, totals.unfinished));
    } else {
      if (!known) this.#messages.done(count, idempotencyKey, now);
      this.#answer(ticket, { verb: "done", unfinished: totals.unfinished });
    }
  }

  #join(ticket: number, deadline: number, timeoutMs: number): void {
    if (this.#messages.totals.unfinished === 0) this.#answer(ticket, { verb: "join", finished: true });
    else if (timeoutMs <= 0) this.#answer(ticket, { verb: "join", finished: false });
    else this.#joiners.add({ ticket }, deadline);
  }

  /** Receivers go on waiting: for them an unknown name is an empty queue. All others are told. */
  #delete(ticket: number, nextIncarnation: string): void {
    this.exists = false;
    this.incarnation = nextIncarnation;
    this.configuration = DEFAULT_CONFIGURATION;
    // Server time goes on: the next life begins no earlier than this one ends.
    const { time } = this.#messages.totals;
    this.#messages = new Messages(nextIncarnation, DEFAULT_CONFIGURATION, this.#storage);
    this.#messages.totals.time = time;
    for (const { tickets } of this.#putters.expire(Number.POSITIVE_INFINITY)) {
      this.#refuse(tickets, unknownQueue());
    }
    for (const waiting of this.#joiners.expire(Number.POSITIVE_INFINITY))
      this.#refuse([waiting.ticket], unknownQueue());
    this.#answer(ticket, { verb: "delete" });
  }

  #configure(ticket: number, settings: Settings, now: number): void {
    const { order, maxSize } = changed(this.configuration, settings);
    if (order !== this.configuration.order && !this.#messages.isEmpty) {
      this.#refuse([ticket], orderConflict(this.configuration.order));
      return;
    }
    this.#change(settings);
    for (const { command, tickets } of maxSize > 0 ? this.#putters.takeLargerThan(maxSize) : []) {
      this.#refuse(tickets, tooMany(command.messages.length, maxSize));
    }
    this.#serve(now);
    this.#answer(ticket, { verb: "configure", description: this.#describe(now) });
  }

  #change(settings: Settings): void {
    this.exists = true;
    this.configuration = changed(this.configuration, settings);
    this.#messages.setRules(this.configuration);
  }

  #pause(ticket: number, paused: Partial<Paused>, now: number): void {
    this.#change({ paused });
    this.#serve(now);
    this.#answer(ticket, { verb: "pause", description: this.#describe(now) });
  }

  #describe(now: number): Description {
    const { visible, delayed, leased, dead } = this.#messages.counts;
    const { unfinished, accepted, done, purged } = this.#messages.totals;
    const oldestMs = Math.max(0, now - (this.#messages.oldestPutAt() ?? now));
    return { ...this.configuration, visible, delayed, leased, dead, unfinished, accepted, done, purged, oldestMs };
  }

  get #noRoom(): Refusal {
    const { maxSize, paused } = this.configuration;
    if (this.isStorageFull) return storageFull();
    return paused.puts ? putsPaused() : full(maxSize);
  }

  #refuse(tickets: number[], refusal: Refusal): void {
    for (const ticket of tickets) this.#answer(ticket, refusal);
  }

  #answer(ticket: number, result: Result): void {
    this.#answers.push({ ticket, result });
  }
}

/** These create the queue, but for a receive: on an unknown name it waits like on an empty queue. */
const WITHOUT_EXISTENCE: ReadonlySet<Command["verb"]> = new Set(["put", "receive", "configure", "shutdown", "pause"]);

function hasSameContent(a: PutCommand, b: PutCommand): boolean {
  return JSON.stringify(a.messages) === JSON.stringify(b.messages);
}
