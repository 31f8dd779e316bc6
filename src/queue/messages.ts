import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import { Backlog } from "./backlog.ts";
import type { Block } from "./block.ts";
import type { Delivery } from "./commands.ts";
import type { KeyRules } from "./configuration.ts";
import { doneHashOf } from "./contents.ts";
import { DeadLetters } from "./dead-letters.ts";
import { DoneKeys } from "./done-keys.ts";
import { IdempotencyKeys } from "./idempotency-keys.ts";
import { LineWindow } from "./line-window.ts";
import type { OrderName } from "./orders.ts";
import { Puts } from "./puts.ts";
import { formatId, formatReceipt, parseReceipt, type Receipt } from "./receipt.ts";
import { fateOf, type Redelivery } from "./redelivery.ts";
import { rowChangeOf } from "./row-changes.ts";
import type { Commit, RowChange, RowReader, StoredQueue, Totals } from "./rows.ts";
import { DEAD, LEASED, type StandingCounts } from "./standings.ts";
import { Viewer } from "./viewer.ts";

const NO_TOTALS: Totals = { commit: 0, time: 0, lastBlock: 0, accepted: 0, done: 0, purged: 0, unfinished: 0 };

/** What of stored messages stays in memory: what was used last. */
export interface Memory {
  /** Blocks whose state is kept: 3 KB each at most. */
  blocks: number;
  /** Characters of lines. */
  characters: number;
}

/** A Durable Object shares 128 MB with its neighbours. */
export const DEFAULT_MEMORY: Memory = { blocks: 1_024, characters: 4 * 1024 * 1024 };

/** What of a queue's configuration is about its messages. */
export interface Rules {
  order: OrderName;
  redelivery: Redelivery;
  keys: KeyRules;
}

/** Where messages are when they are not in memory. */
export interface Storage {
  reader: RowReader;
  memory: Memory;
}

/** The messages of one incarnation of a queue, what has become of all others, and what of it is not stored yet. */
export class Messages {
  readonly totals: Totals;
  readonly #incarnation: string;
  readonly #memory: Memory;
  readonly #backlog: Backlog;
  readonly #window: LineWindow;
  /** Looks at messages and changes nothing. */
  readonly viewer: Viewer;
  readonly deadLetters: DeadLetters;
  readonly puts: Puts;
  readonly #keys: IdempotencyKeys;
  readonly #doneKeys: DoneKeys;
  #redelivery: Redelivery;
  #areTotalsUnsaved = false;

  constructor(incarnation: string, { order, redelivery, keys }: Rules, storage: Storage, stored?: StoredQueue) {
    const { reader } = storage;
    this.#incarnation = incarnation;
    this.#memory = storage.memory;
    this.#redelivery = redelivery;
    this.totals = { ...(stored?.totals ?? NO_TOTALS) };
    this.#backlog = new Backlog(order, this.totals.lastBlock, reader);
    this.#window = new LineWindow(reader);
    this.viewer = new Viewer(incarnation, this.#backlog, this.#window);
    this.deadLetters = new DeadLetters(this.#backlog, this.viewer, this.totals);
    this.#keys = new IdempotencyKeys(reader);
    this.puts = new Puts(incarnation, this.#backlog, this.#window, {
      keys: this.#keys,
      rules: keys,
      totals: this.totals,
    });
    this.#doneKeys = new DoneKeys(this.#backlog, this.#keys);
    for (const row of stored?.blocks ?? []) {
      if (row.keys !== null) this.#keys.restore(row.slot, row.keysUntil, row.keys);
      this.#backlog.restore(row, this.#keys.kept(row.slot));
    }
    this.#assertLaw();
  }

  get counts(): StandingCounts {
    return this.#backlog;
  }

  /** No message becomes visible by itself before this time. */
  get nextDueAt(): number {
    return this.#backlog.nextDueAt;
  }

  /** Lets time pass: what is due becomes visible, keys expire. */
  advance(now: number): void {
    this.totals.time = now;
    const died = this.#backlog.promote(now, (block, index, leaseEndedAt) =>
      fateOf(block, index, leaseEndedAt, now, this.#redelivery),
    );
    this.#finish(died);
    for (const slot of this.#keys.expire(now)) this.#backlog.keysExpired(slot);
  }

  /** The time of the put of the oldest message, in milliseconds. */
  oldestPutAt(): number | undefined {
    const putTimes = this.#backlog.oldestOfEachLane().map((block) => {
      const { putAt } = JSON.parse(this.#window.line(block, block.firstPresent())) as { putAt: number };
      return Math.round(putAt * 1_000);
    });
    return putTimes.length === 0 ? undefined : Math.min(...putTimes);
  }

  /** Whether there is nothing that somebody could receive, now or later. */
  get isDrained(): boolean {
    const { visible, delayed, leased } = this.#backlog;
    return visible + delayed + leased === 0;
  }

  get isEmpty(): boolean {
    return this.isDrained && this.#backlog.dead === 0;
  }

  /** To another order only a queue that is empty can be changed. */
  setRules({ order, redelivery, keys }: Rules): void {
    this.#backlog.setOrder(order);
    this.puts.rules = keys;
    this.#redelivery = redelivery;
  }

  /**
   * Hands out visible messages in order.
   *
   * @param leaseMs undefined removes them as they are handed out
   */
  handOut(max: number, leaseMs: number | undefined, now: number): Delivery[] {
    const deliveries: Delivery[] = [];
    let characters = 0;
    while (deliveries.length < max && characters < BATCH_BYTES_MAX) {
      const next = this.#backlog.next();
      if (next === undefined) break;
      const { block, index } = next;
      const line = this.#window.line(block, index);
      const attempt = block.deliver(index);
      const place = { blockNumber: block.number, index };
      const delivery: Delivery = {
        id: formatId(this.#incarnation, place),
        attempt,
        lastError: block.noteOf(index).error,
        line,
      };
      if (leaseMs === undefined) {
        this.#remove(block, index);
      } else {
        const endsAt = now + leaseMs;
        this.#backlog.move(block, index, LEASED, endsAt);
        delivery.lease = { receipt: formatReceipt(this.#incarnation, { ...place, attempt }), endsAt };
      }
      deliveries.push(delivery);
      characters += line.length;
    }
    return deliveries;
  }

  /** @param finish false leaves the messages unfinished until they are reported done */
  ack(receipts: string[], finish: boolean): string[] {
    return this.#withLeases(receipts, (block, index) => {
      this.#remove(block, index);
      if (finish) this.#finish(1);
    });
  }

  /** @param delayMs undefined for the delay that the rules give after so many attempts */
  retry(receipts: string[], delayMs: number | undefined, error: string | undefined, now: number): string[] {
    return this.#withLeases(receipts, (block, index) => {
      block.note(index, { error });
      const { standing, visibleAt } = fateOf(block, index, now, now, this.#redelivery, delayMs);
      this.#backlog.move(block, index, standing, visibleAt);
      if (standing === DEAD) this.#finish(1);
    });
  }

  extend(receipts: string[], endsAt: number): string[] {
    return this.#withLeases(receipts, (block, index) => this.#backlog.move(block, index, LEASED, endsAt));
  }

  /** Whether this was reported already under this key; "other" if the key was used for something else. */
  knownDone(count: number, key: string | undefined, now: number): boolean | "other" {
    if (key === undefined) return false;
    const known = this.#keys.find(key, () => doneHashOf(count), now);
    return known === "other" ? known : known !== undefined;
  }

  /** Reports messages done that were taken before. Not to be called with more than are unfinished. */
  done(count: number, key: string | undefined, now: number): void {
    this.#finish(count);
    this.#areTotalsUnsaved = true;
    if (key !== undefined)
      this.#keys.remember(
        this.#doneKeys.slotForNext(),
        key,
        doneHashOf(count),
        now + this.puts.rules.idempotencyMs,
        [],
      );
  }

  /** Removes a message, whoever holds it. False if it is not here. */
  cancel(id: string): boolean {
    const place = this.viewer.find(id);
    if (place === undefined) return false;
    const isFinished = place.block.standingOf(place.index) === DEAD;
    this.#backlog.remove(place.block, place.index);
    this.totals.purged += 1;
    if (!isFinished) this.#finish(1);
    return true;
  }

  /** Removes every message and answers how many there were. */
  purge(): number {
    const { visible, delayed, leased, dead } = this.#backlog;
    const unfinished = visible + delayed + leased;
    this.#backlog.purge();
    this.totals.purged += unfinished + dead;
    this.#finish(unfinished);
    return unfinished + dead;
  }

  /** Removes every message that nobody holds. */
  discard(): void {
    const { visible, delayed } = this.#backlog;
    if (visible + delayed === 0) return;
    for (const block of [...this.#backlog.blocks()]) {
      if (block.visible + block.delayed > 0) this.#backlog.removeUnheld(block);
    }
    this.totals.purged += visible + delayed;
    this.#finish(visible + delayed);
  }

  /** What changed since the last commit; undefined when nothing did. */
  takeCommit(): Commit | undefined {
    const { unsaved } = this.#backlog;
    if (unsaved.size === 0 && !this.#areTotalsUnsaved) {
      this.#trimMemory();
      return undefined;
    }
    this.#assertLaw();
    const changes: RowChange[] = [];
    for (const [block, kind] of unsaved) {
      const change = rowChangeOf(block, kind, this.#backlog, this.#window, this.#keys);
      if (change !== undefined) changes.push(change);
    }
    unsaved.clear();
    this.#trimMemory();
    this.#areTotalsUnsaved = false;
    this.totals.commit += 1;
    this.totals.lastBlock = this.#backlog.lastBlock;
    const doneKeys = this.#doneKeys.takeChange();
    if (doneKeys !== undefined) changes.push(doneKeys);
    if (changes.length === 0) changes.push({ kind: "totals", slot: this.#backlog.someSlot(), keys: "", keysUntil: 0 });
    return { changes, totals: this.totals };
  }

  /** Lets go of what was used longest ago. To be called when everything is stored, or on its way there. */
  #trimMemory(): void {
    this.#window.trim(this.#memory.characters);
    this.#backlog.unloadOldest(this.#memory.blocks);
  }

  /** Does something to each message whose lease the receipt stands for. Answers with the receipts that fit none. */
  #withLeases(receipts: string[], change: (block: Block, index: number) => void): string[] {
    const stale: string[] = [];
    for (const text of receipts) {
      const receipt = parseReceipt(this.#incarnation, text);
      const block = receipt && this.#backlog.blockAt(receipt);
      if (receipt !== undefined && block !== undefined && isHeld(block, receipt)) change(block, receipt.index);
      else stale.push(text);
    }
    return stale;
  }

  #remove(block: Block, index: number): void {
    this.#backlog.remove(block, index);
    this.totals.done += 1;
  }

  /** Python's unfinished count. It stops at 0 where somebody had reported messages done before they were taken. */
  #finish(count: number): void {
    this.totals.unfinished = Math.max(0, this.totals.unfinished - count);
  }

  /** Every accepted message is somewhere: the law that makes a lost or doubled one an error instead of a surprise. */
  #assertLaw(): void {
    const { accepted, done, purged } = this.totals;
    const { visible, delayed, leased, dead } = this.#backlog;
    if (accepted !== visible + delayed + leased + dead + done + purged) {
      throw new Error(
        `Messages do not add up: ${accepted} accepted, but ${visible} visible, ${delayed} delayed, ` +
          `${leased} leased, ${dead} dead, ${done} done, ${purged} purged.`,
      );
    }
  }
}

/** Whether the receipt is that of the newest lease and the lease is not over. */
function isHeld(block: Block, { index, attempt }: Receipt): boolean {
  return block.standingOf(index) === LEASED && block.attemptsOf(index) === attempt;
}
