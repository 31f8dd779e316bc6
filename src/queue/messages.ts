import type { KeyRules, OrderName, Redelivery, RetentionRules } from "./base/configuration.ts";
import { DeadLetters } from "./dead-letters.ts";
import { InboundTransfers } from "./inbound-transfers.ts";
import { Leases } from "./leases.ts";
import { Transfers } from "./outbound-transfers.ts";
import { Puts } from "./puts.ts";
import { afterExpiredLease } from "./redelivery.ts";
import { Retention } from "./retention.ts";
import { Backlog, type PlacedMessage } from "./schedule/backlog.ts";
import { FREE_ROWS_MAX } from "./store/free-rows.ts";
import { IdempotencyKeys } from "./store/idempotency-keys.ts";
import { Ledger } from "./store/ledger.ts";
import { doneHashOf, Payloads, putAtOf } from "./store/payloads.ts";
import { RowTable } from "./store/row-table.ts";
import type { Commit, RowReader, StoredQueue } from "./store/rows.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, DELAYED, GONE, type State, type StateCounts, TRANSFERRING, VISIBLE } from "./store/states.ts";
import type { Totals } from "./store/totals.ts";
import { Viewer } from "./viewer.ts";

/** What of stored messages stays in memory: what was used last. */
export interface Memory {
  /** Segments whose state is kept: 3 KB each at most. */
  segments: number;
  /** Characters of payloads. */
  characters: number;
  /** Free rows, in storage too: what a waking reads for nothing. At least 1. */
  freeRows: number;
}

/** A Durable Object shares 128 MB with its neighbours. */
export const DEFAULT_MEMORY: Memory = { segments: 1_024, characters: 4 * 1024 * 1024, freeRows: FREE_ROWS_MAX };

/** What of a queue's configuration is about its messages. */
export interface Rules {
  order: OrderName;
  maxLeasedPerGroup: number;
  redelivery: Redelivery;
  keys: KeyRules;
  retention: RetentionRules;
  deadLetterQueue: string;
}

/** Where messages are when they are not in memory. */
export interface Storage {
  reader: RowReader;
  memory: Memory;
}

/** The messages of one generation of a queue, what has become of all others, and what of it is not stored yet. */
export class Messages {
  readonly #ledger: Ledger;
  readonly #generation: string;
  readonly #memory: Memory;
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #keys: IdempotencyKeys;
  readonly #rows: RowTable;
  /** Looks at messages and changes nothing. */
  readonly viewer: Viewer;
  readonly leases: Leases;
  readonly retention: Retention;
  readonly transfers: Transfers;
  readonly deadLetters: DeadLetters;
  readonly inboundTransfers: InboundTransfers;
  readonly puts: Puts;
  redelivery: Redelivery;
  #deadLetterQueue: string;
  #areTotalsDirty = false;

  constructor(generation: string, rules: Rules, storage: Storage, stored?: StoredQueue) {
    const { redelivery, keys, retention, deadLetterQueue } = rules;
    const { reader } = storage;
    this.#deadLetterQueue = deadLetterQueue;
    this.#generation = generation;
    this.#memory = storage.memory;
    this.redelivery = redelivery;
    this.#ledger = new Ledger(stored?.totals);
    this.#payloads = new Payloads(reader);
    this.#keys = new IdempotencyKeys(reader);
    this.#rows = new RowTable(this.#payloads, this.#keys, storage.memory.freeRows);
    this.#backlog = new Backlog(rules, this.#ledger, reader, this.#rows);
    this.viewer = new Viewer(generation, this.#backlog, this.#payloads);
    this.retention = new Retention(this.#backlog, this.#payloads, retention);
    this.leases = new Leases(generation, this.#backlog, this.#payloads, this.#ledger, this.retention);
    this.transfers = new Transfers(generation, this.#backlog, this.#payloads, this.#ledger);
    this.deadLetters = new DeadLetters(this.#backlog, this.#payloads, {
      viewer: this.viewer,
      transfers: this.transfers,
    });
    this.inboundTransfers = new InboundTransfers(reader, this.totals);
    this.puts = new Puts(generation, this.#backlog, this.#payloads, {
      keys: this.#keys,
      rules: keys,
    });
    for (const row of stored?.segments ?? []) {
      this.#rows.restore(row);
      if (row.number !== 0) this.#backlog.restore(row);
    }
    this.#backlog.restoreGroups();
    this.#ledger.assertBalance();
  }

  /** How many messages are in each state. */
  get counts(): Readonly<StateCounts> {
    return this.#ledger.counts;
  }

  /** What has happened since the queue was created. */
  get totals(): Totals {
    return this.#ledger.totals;
  }

  /** No message becomes visible by itself before this time. */
  get nextDueAt(): number {
    return this.#backlog.nextDueAt;
  }

  /** When something must be stored that was begun, if nothing else is; else Infinity. */
  get nextMarkAt(): number {
    return this.#rows.nextMarkAt;
  }

  /** Lets time pass: what is due becomes visible, keys expire. */
  advance(now: number): void {
    this.totals.time = now;
    this.retention.beginCommitBatch();
    this.#backlog.promote(now, (segment, index, endedAt) =>
      afterExpiredLease({ generation: this.#generation, segment, index, endedAt }, now, this.redelivery),
    );
    this.#rows.expireKeys(now);
  }

  /** The time of the put of the oldest message, in milliseconds. */
  oldestPutAt(): number | undefined {
    const putTimes = this.#backlog
      .oldestOfEachKind()
      .map((segment) => putAtOf(this.#payloads.of(segment, segment.firstPresent())));
    return putTimes.length === 0 ? undefined : Math.min(...putTimes);
  }

  /** When something happens that somebody in another queue may wait for, though nobody calls here; else Infinity. */
  get nextWakeAt(): number {
    const { maxAttempts } = this.redelivery;
    const { leased, delayed } = this.counts;
    const mayDie = this.#deadLetterQueue !== "" && maxAttempts > 0 && leased > 0;
    const mayExpire = this.retention.isBounded && leased + delayed > 0;
    const nextDueAt = mayDie || mayExpire ? this.nextDueAt : Number.POSITIVE_INFINITY;
    return Math.min(nextDueAt, this.retention.nextExpiryAt, this.transfers.nextLookAt(this.#deadLetterQueue));
  }

  /** Whether there is nothing that somebody could receive, now or later. What is on its way may come back. */
  get isDrained(): boolean {
    const { visible, delayed, leased, transferring } = this.counts;
    return visible + delayed + leased + transferring === 0;
  }

  get isEmpty(): boolean {
    return this.isDrained && this.counts.dead === 0;
  }

  /** To another order only a queue that is empty can be changed. */
  setRules({ order, maxLeasedPerGroup, redelivery, keys, retention, deadLetterQueue }: Rules): void {
    this.#backlog.setOrder(order);
    this.#backlog.groups.maxLeased = maxLeasedPerGroup;
    this.puts.rules = keys;
    this.retention.rules = retention;
    this.redelivery = redelivery;
    this.#deadLetterQueue = deadLetterQueue;
  }

  /** Lets the queue that refused dead letters be asked again at once: somebody has named it anew. */
  clearTransferBackoff(): void {
    if (this.totals.backoff === null) return;
    this.totals.backoff = null;
    this.#areTotalsDirty = true;
  }

  /** Whether this was reported already under this key; "other" if the key was used for something else. */
  knownDone(count: number, key: string | undefined, now: number): boolean | "other" {
    if (key === undefined) return false;
    const known = this.#keys.find(key, () => doneHashOf(count), now);
    return known === "other" ? known : known !== undefined;
  }

  /** Reports messages done that were taken before. Not to be called with more than are unfinished. */
  done(count: number, key: string | undefined, now: number): void {
    this.#ledger.finished(count);
    this.#areTotalsDirty = true;
    if (key === undefined) return;
    const until = now + this.puts.rules.idempotencyMs;
    this.#keys.remember(this.#rows.takeForDoneKey(), { key, contentHash: doneHashOf(count), until, ranges: [] });
  }

  /** Removes a message, whoever holds it. False if it is not here. */
  cancel(id: string): boolean {
    const place = this.viewer.find(id);
    const state = place?.segment.stateOf(place.index);
    // What is on its way to another queue may have arrived there.
    if (place === undefined || state === TRANSFERRING) return false;
    this.leases.lose(place.segment, place.index);
    this.#purge(place, state !== DEAD);
    return true;
  }

  /** Removes every message and answers how many there were. */
  purge(): number {
    const { visible, delayed, leased, dead } = this.counts;
    this.leases.loseAll();
    this.#backlog.purge((segment) => this.#freeKeys(segment, (state) => state !== TRANSFERRING));
    return visible + delayed + leased + dead;
  }

  /** Removes what is dead and answers how many there were. */
  purgeDead(): number {
    const { dead } = this.counts;
    for (const place of this.#backlog.places(DEAD)) this.#purge(place, false);
    return dead;
  }

  /** Removes every message that nobody holds. */
  discard(): void {
    const { visible, delayed } = this.counts;
    if (visible + delayed === 0) return;
    for (const segment of [...this.#backlog.segments()]) {
      if (segment.visible + segment.delayed === 0) continue;
      this.#freeKeys(segment, (state) => state === VISIBLE || state === DELAYED);
      this.#backlog.purgeWaiting(segment);
    }
  }

  #purge({ segment, index }: PlacedMessage, isFinished: boolean): void {
    this.puts.freeKeys(segment, { segmentNumber: segment.number, index, count: 1 });
    this.#backlog.remove(segment, index, "purged", isFinished);
  }

  /** Lets the dedupe keys of a segment's messages in some states count no more, but not those of what is gone. */
  #freeKeys(segment: Segment, isMeant: (state: State) => boolean): void {
    if (!this.#keys.mayHaveDedupeKeys(segment.slot, segment.number)) return;
    for (let index = 0; index < segment.count; index += 1) {
      const state = segment.stateOf(index);
      if (state === GONE || !isMeant(state)) continue;
      this.puts.freeKeys(segment, { segmentNumber: segment.number, index, count: 1 });
    }
  }

  /** What changed since the last commit; undefined when nothing did. */
  takeCommit(): Commit | undefined {
    if (this.#deadLetterQueue !== "") this.transfers.beginDeadLetters(this.#deadLetterQueue, this.totals.time);
    const areRowsDirty = this.#rows.prepareCommit(this.totals.time, this.#memory.segments);
    if (!areRowsDirty && !this.#areTotalsDirty && !this.inboundTransfers.areUncommitted) {
      this.#trimMemory();
      return undefined;
    }
    this.#ledger.assertBalance();
    const changes = this.#rows.takeChanges();
    this.#trimMemory();
    this.#areTotalsDirty = false;
    this.totals.commit += 1;
    this.totals.lastSegment = this.#backlog.lastSegment;
    return { changes, totals: this.totals, ...this.inboundTransfers.takeUncommitted() };
  }

  /** Lets go of what was used longest ago. To be called when everything is stored, or on its way there. */
  #trimMemory(): void {
    this.#payloads.trim(this.#memory.characters);
    this.#backlog.unloadOldest(this.#memory.segments);
  }
}
