/**
 * The queue: a state machine without a clock, without randomness and without I/O.
 *
 *     put ──▶ delayed ──due──▶ visible ──receive──▶ leased ──ack──▶ gone
 *                                 ▲                    │
 *                                 ├─ retry, lease over ┤
 *                                 │                    ▼ last attempt over, given up, expired
 *                                 └───── redrive ──── dead ──▶ transferring ──▶ another queue
 *
 * A message's whole life is the time at which it is next visible. A lease that ends needs no command: every event begins
 * with `advance`, which makes visible what is due by then.
 *
 * The caller calls `advance`, then `apply` once per command, then stores `takeCommit()`, and only then gives out
 * `takeResults()`. A command that waits is answered in a later commit batch. Nothing in here is a promise, so the commands
 * of a batch are applied in one turn and committed as one.
 */

import type { Command, Description, Result } from "./base/commands.ts";
import { type Configuration, DEFAULT_CONFIGURATION, PUSH_TIMER_MS_MAX } from "./base/configuration.ts";
import { unknownQueue, unknownVerb } from "./base/refusals.ts";
import { LostLeases } from "./lost-leases.ts";
import type { OutboundTransfer } from "./outbound-transfers.ts";
import { assemble, DEFAULT_MEMORY, type Lasting, type Memory, type Storage } from "./parts.ts";
import { Receivers, type SubscriptionView } from "./receivers.ts";
import type { Commit, RowReader, StoredQueue } from "./store/rows.ts";
import { type Apply, type Context, VERBS, WITHOUT_EXISTENCE } from "./verbs.ts";
import { type CommandResult, Results } from "./waiting/results.ts";
import { Waits } from "./waiting/waits.ts";

/** What is stored of a queue that exists. */
export interface Existing {
  generation: string;
  configuration: Configuration;
  /** Undefined while there has not been a commit. */
  stored?: StoredQueue;
}

/** While messages are visible that a consumer is called with, the queue looks after them this often, in milliseconds. */
const PUSH_LOOK_MS = 30_000;

export class Queue {
  readonly #storage: Storage;
  readonly #lasting: Lasting;
  #context: Context;

  /**
   * @param origin what was stored, or the generation that the queue will have if it comes to exist
   * @param partition which part of the queue this is: ids and receipts name it
   * @throws {DamagedRow} if what is stored is damaged
   */
  constructor(origin: Existing | string, reader: RowReader, memory: Memory = DEFAULT_MEMORY, partition = 0) {
    const exists = typeof origin !== "string";
    const configuration = exists ? origin.configuration : DEFAULT_CONFIGURATION;
    const [results, waits] = [new Results(), new Waits()];
    const state = { exists, configuration, isStorageFull: false, isConsumed: false, mayHandOut: true };
    this.#storage = { reader, memory };
    const receivers = new Receivers(waits, results);
    this.#lasting = { partition, state, results, waits, receivers, lost: new LostLeases() };
    this.#context = this.#assemble(exists ? origin.generation : origin, exists ? origin.stored : undefined);
  }

  #assemble(generation: string, stored?: StoredQueue): Context {
    const parts = assemble(generation, this.#lasting, this.#storage, stored);
    return { ...parts, generation, delete: (nextGeneration) => this.#delete(nextGeneration) };
  }

  /** Random text that sets this life of the queue apart from those before a deletion. */
  get generation(): string {
    return this.#context.generation;
  }

  /** False until the first put or configuration: until then nothing is stored. */
  get exists(): boolean {
    return this.#lasting.state.exists;
  }

  get configuration(): Configuration {
    return this.#lasting.state.configuration;
  }

  /** Set before each commit batch: whether no more can be stored. Puts are refused then, and everything else goes on. */
  set isStorageFull(isFull: boolean) {
    this.#lasting.state.isStorageFull = isFull;
  }

  /** Set before each commit batch: whether a consumer is called with the messages. */
  set isConsumed(isConsumed: boolean) {
    this.#lasting.state.isConsumed = isConsumed;
  }

  /** Set before each commit batch: whether messages may be handed out to receivers that wait. */
  set mayHandOut(mayHandOut: boolean) {
    this.#lasting.state.mayHandOut = mayHandOut;
  }

  /** Lets time pass, then serves and ends waits. To be called before each commit batch of commands. */
  advance(now: number): void {
    const { ledger, retention, leases, rows, jobRows, dispatcher } = this.#context;
    ledger.totals.time = now;
    retention.beginCommitBatch();
    leases.expire(now);
    rows.expireKeys(now);
    jobRows.expire(now);
    dispatcher.advance(now);
  }

  /** Takes one command. Its answer, now or later, carries the request id. */
  apply(requestId: number, command: Command, now: number): void {
    const { results } = this.#lasting;
    if (!this.exists && !WITHOUT_EXISTENCE.has(command.verb)) {
      results.add(requestId, unknownQueue());
      return;
    }
    const result = this.#applyVerb(requestId, command, now);
    if (result !== undefined) results.add(requestId, result);
    this.#context.dispatcher.serve(now);
  }

  /** Undefined where the answer comes later, or has been given. */
  #applyVerb(requestId: number, command: Command, now: number): Result | undefined {
    const { verb } = command;
    // While a deployment goes on, commands come from Workers of another version too.
    if (!Object.hasOwn(VERBS, verb)) return unknownVerb(verb);
    return (VERBS[verb] as Apply<typeof verb>)(this.#context, command as never, now, requestId);
  }

  /** What the configuration, the counts and the oldest message are. Throws `DamagedRow` if that message cannot be read. */
  describe(now: number): Description {
    return this.#context.administration.describe(now).description;
  }

  /** What the commit batch changed, to be stored before its answers go out; undefined if nothing. Begins transfers. */
  takeCommit(): Commit | undefined {
    const { backlog, rows, jobRows, ledger, payloads, memory, inboundTransfers, outboundTransfers } = this.#context;
    const { totals } = ledger;
    const { deadLetterQueue } = this.configuration;
    if (deadLetterQueue !== null) outboundTransfers.beginDeadLetters(deadLetterQueue, totals.time);
    if (jobRows.isDirty) rows.includeTotals();
    let commit: Commit | undefined;
    if (rows.prepareCommit(totals.time, memory.segments) || inboundTransfers.areUncommitted) {
      ledger.assertBalance(jobRows.count);
      const changes = rows.takeChanges();
      totals.commit += 1;
      totals.lastSegment = backlog.lastSegment;
      commit = { changes, jobRows: jobRows.takeChanges(), totals, ...inboundTransfers.takeUncommitted() };
    }
    payloads.trim();
    backlog.unloadOldest(memory.segments);
    return commit;
  }

  takeResults(): CommandResult[] {
    return this.#lasting.results.take();
  }

  /** The receipts of leases that were ended for another reason than a command of their holder, since the last call. */
  takeLost(): string[] {
    return this.#lasting.lost.take();
  }

  /** When `advance` must be called even if no command comes: a wait can be served or ends, or something must be stored. */
  get nextEventAt(): number {
    const { dispatcher, rows } = this.#context;
    return Math.min(dispatcher.nextEventAt, this.exists ? rows.nextMarkAt : Number.POSITIVE_INFINITY);
  }

  /** Whether a wait has a deadline. All others last until they are served or ended by a command. */
  get hasDeadline(): boolean {
    return this.#lasting.waits.nextDeadline < Number.POSITIVE_INFINITY;
  }

  /** Forgets commands that need no answer any more: what they wait for, and what would be pushed to a subscriber. */
  leave(requestIds: ReadonlySet<number>, subscriber: number | undefined): void {
    this.#context.dispatcher.leave(requestIds, subscriber);
  }

  /** To be called before a commit batch for each subscriber whose connection has sent something since the last. */
  heard(subscriber: number): void {
    this.#lasting.receivers.heard(subscriber);
  }

  /** What the queue knows of a subscription; undefined if there is none with this number. */
  subscription(subscriber: number): SubscriptionView | undefined {
    return this.#lasting.receivers.subscription(subscriber);
  }

  /** The transfers to send to other queues, once the commit is stored. Each is followed by a "transfer_result". */
  takeOutboundTransfers(now: number): OutboundTransfer[] {
    return this.exists ? this.#context.outboundTransfers.takeOutboundTransfers(now) : [];
  }

  /** When `advance` must be called although nothing waits here, because something in another queue may; else Infinity. */
  get nextWakeAt(): number {
    if (!this.exists) return Number.POSITIVE_INFINITY;
    const { deadLetterQueue } = this.configuration;
    const { ledger, retention, backlog, jobRows, leases, outboundTransfers } = this.#context;
    const { leased, delayed } = ledger.counts;
    const mayDie = deadLetterQueue !== null && leases.mayKill;
    const mayExpire = retention.isBounded && leased + delayed > 0;
    const nextDueAt = mayDie || mayExpire ? backlog.nextDueAt : Number.POSITIVE_INFINITY;
    const nextLookAt = outboundTransfers.nextLookAt(deadLetterQueue);
    return Math.min(nextDueAt, retention.nextExpiryAt, jobRows.nextCleanAt, nextLookAt, this.#nextPushAt);
  }

  /**
   * When messages must be pushed to the consumer although nothing is in memory that does it: an object that was discarded
   * while it pushed them does not come back by itself.
   */
  get #nextPushAt(): number {
    const { isConsumed, configuration } = this.#lasting.state;
    const { paused, pushFault, shutdown } = configuration;
    const resumesAt = pushFault === null ? 0 : (pushFault.resumesAt ?? Number.POSITIVE_INFINITY);
    if (!isConsumed || paused.receives || shutdown === "immediate") return Number.POSITIVE_INFINITY;
    const { ledger, backlog } = this.#context;
    if (ledger.counts.visible === 0) return Math.max(resumesAt, backlog.nextDueAt);
    const { time } = ledger.totals;
    // A short rest ends by a timer: see the pump.
    return resumesAt > time + PUSH_TIMER_MS_MAX ? resumesAt : Math.min(time + PUSH_LOOK_MS, backlog.nextDueAt);
  }

  /** How many messages are visible or delayed. */
  get waiting(): number {
    const { visible, delayed } = this.#context.ledger.counts;
    return visible + delayed;
  }

  /** Whether another commit batch is due at once: more has expired, or could be handed out, than fits into one. */
  get isBehind(): boolean {
    const { retention, receives, jobs } = this.#context;
    return retention.isBehind || receives.isHeldUp || jobs.isBehind;
  }

  /** Whether the answers have as many bytes as one commit batch may give out: no more commands should be applied in it. */
  get areResultsFull(): boolean {
    return this.#lasting.results.isFull;
  }

  /** Receivers go on waiting: for them an unknown name is an empty queue. All other waits are refused. */
  #delete(nextGeneration: string): void {
    const { ledger, leases, puts, joins, jobs, redrives } = this.#context;
    try {
      leases.loseAll();
    } catch {
      // A queue that cannot be read can be deleted all the same: the receipts of its leases are not reported then.
    }
    puts.refuseBlocked(unknownQueue());
    joins.refuse(unknownQueue());
    jobs.refuse(unknownQueue());
    redrives.refuseAll();
    Object.assign(this.#lasting.state, { exists: false, configuration: DEFAULT_CONFIGURATION });
    this.#context = this.#assemble(nextGeneration);
    // Server time goes on: the next life begins no earlier than this one ends.
    this.#context.ledger.totals.time = ledger.totals.time;
  }
}
