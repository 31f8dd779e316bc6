import type { NewMessage } from "../base/commands.ts";
import type { OrderName } from "../base/configuration.ts";
import { DamagedRow } from "../base/damage.ts";
import type { Place } from "../base/receipt.ts";
import { BegunMarks } from "../store/begun-marks.ts";
import { LoadedBlocks } from "../store/loaded-segments.ts";
import { type KeptKeys, RowSlots } from "../store/row-slots.ts";
import { type RowReader, type StoredBlock, splitLines, type Unsaved } from "../store/rows.ts";
import { Block, type Lane } from "../store/segment.ts";
import { checkSummary } from "../store/segment-summary.ts";
import {
  COUNT_OF,
  DELAYED,
  type Fate,
  GONE,
  LEASED,
  MOVING,
  type Standing,
  type StandingCounts,
  VISIBLE,
} from "../store/states.ts";
import { Turns } from "./fair-scheduler.ts";
import type { Groups } from "./groups.ts";
import { ORDERS } from "./orders.ts";
import { Lanes } from "./segments-by-kind.ts";
import { Agenda } from "./timer-heap.ts";

export interface PlacedMessage {
  block: Block;
  index: number;
}

export interface BlockWatcher {
  /** The block may have a message that became visible. */
  becameVisible(block: Block): void;
  /** The block has no messages any more. */
  finished(block: Block): void;
}

/** All blocks of a queue in the order of their making, and which message is next. */
export class Backlog implements StandingCounts {
  readonly #reader: RowReader;
  readonly #blocks = new Map<number, Block>();
  readonly #lanes = new Lanes();
  readonly slots: RowSlots;
  readonly unsaved = new Map<Block, Unsaved>();
  readonly marks = new BegunMarks();
  readonly #loaded: LoadedBlocks;

  readonly #turns: Turns;
  /** When a delay or a lease ends. */
  readonly #due = new Agenda<Block>();
  /** To be told what becomes of blocks. */
  watcher: BlockWatcher | undefined;

  #lastBlock: number;
  visible = 0;
  delayed = 0;
  leased = 0;
  dead = 0;
  moving = 0;

  constructor(
    { order, maxLeasedPerGroup }: { order: OrderName; maxLeasedPerGroup: number },
    lastBlock: number,
    reader: RowReader,
    freeRowsMax: number,
  ) {
    this.slots = new RowSlots(freeRowsMax);
    this.#turns = new Turns(order, maxLeasedPerGroup, (place) => this.blockAt(place));
    this.#lastBlock = lastBlock;
    this.#reader = reader;
    this.#loaded = new LoadedBlocks(reader);
  }

  /**
   * Takes back a stored block. To be called in ascending order of the blocks' numbers.
   *
   * @throws {DamagedRow} if there can be no such block
   */
  restore(row: StoredBlock, keys: KeptKeys): void {
    const { slot } = row;
    this.slots.restore(slot);
    if (row.number === 0) {
      this.slots.release(slot, keys);
      return;
    }
    checkSummary(row, this.#lastBlock);
    if (this.#blocks.has(row.number)) throw new DamagedRow(slot, `block ${row.number} is in another row too`);
    const block = Block.restore(row);
    this.#loaded.unload(block);
    this.#enter(block);
    this.#add(block, +1);
    if (block.visible > 0) this.#makeReady(block);
    if (block.delayed + block.leased > 0) this.#due.plan(block, block.nextDueAt);
  }

  /** To another order only a queue that is empty can be changed. */
  setOrder(order: OrderName): void {
    if (this.#turns.order === ORDERS[order]) return;
    if (this.#blocks.size > 0) throw new Error("The order of what the queue holds cannot be changed.");
    this.#turns.reset(ORDERS[order]);
  }

  get groups(): Groups {
    return this.#turns.groups;
  }

  /** To be called when all stored blocks are back: which groups their messages are in, and who of them can be served. */
  restoreGroups(): void {
    for (const block of this.#blocks.values()) {
      if (!block.isGrouped) continue;
      const names = splitLines(this.#reader.groups(block.slot));
      if (names.length !== block.count) {
        throw new DamagedRow(block.slot, `its ${block.count} messages have ${names.length} groups`);
      }
      this.groups.restore(block, names);
      this.#loaded.unload(block);
    }
  }

  get lastBlock(): number {
    return this.#lastBlock;
  }

  blocks(): Iterable<Block> {
    return this.#blocks.values();
  }

  blockAt(place: Place): Block | undefined {
    return this.#blocks.get(place.blockNumber);
  }

  /** In each lane, the block with its oldest message. */
  oldestOfEachLane(): Block[] {
    return this.#lanes.oldest();
  }

  /**
   * Finds room for messages that are put together. To be asked for the block of one after the other.
   *
   * @param takesMore whether a block that has messages may take others, for what is not known here
   */
  beginBatch(
    messages: readonly NewMessage[],
    lineBytes: readonly number[],
    now: number,
    takesMore: (block: Block) => boolean,
  ): (message: NewMessage, lineBytes: number) => Block {
    const blockIn = this.#lanes.beginBatch(
      messages.map((message) => this.#laneOf(message)),
      lineBytes,
      (block) => this.unsaved.get(block) === "write",
      takesMore,
      (lane) => this.#newBlock(lane, now),
    );
    return (message, bytes) => blockIn(this.#laneOf(message), bytes);
  }

  #laneOf({ priority, deadLetter, group }: NewMessage): Lane {
    const lanePriority = this.#turns.order.sharesBlocks ? 0 : priority;
    return { priority: lanePriority, areLetters: deadLetter !== undefined, isGrouped: group !== undefined };
  }

  #newBlock(lane: Lane, now: number): Block {
    this.#lastBlock += 1;
    const block = new Block(this.slots.take(), this.#lastBlock, lane, now);
    this.#enter(block);
    this.unsaved.set(block, "write");
    return block;
  }

  /**
   * @param lineBytes the size of its line in UTF-8
   * @param visibleAt 0 for a message that is visible at once
   */
  append(block: Block, lineBytes: number, visibleAt: number, group: string | undefined): number {
    const index = block.append(lineBytes, visibleAt);
    this.#loaded.use(block);
    if (this.unsaved.get(block) !== "write") this.unsaved.set(block, "append");
    if (visibleAt > 0) {
      this.delayed += 1;
      this.#due.plan(block, visibleAt);
    } else {
      this.visible += 1;
      this.#makeReady(block);
    }
    if (group !== undefined) this.groups.add(block, index, group);
    return index;
  }

  /** The visible message that is next in order. */
  next(): PlacedMessage | undefined {
    return this.#turns.next();
  }

  /** Counts the delivery of the message that is next, and answers with its number. */
  deliver(block: Block, index: number, isBegun: boolean): number {
    this.groups.served(block, index);
    return block.deliver(index, isBegun);
  }

  /** Notes that a handler has begun with a message that is leased, which is stored when the block is next written. */
  begin(block: Block, index: number, now: number): void {
    block.begin(index);
    this.#loaded.use(block);
    if (!this.unsaved.has(block)) this.marks.add(block, now);
  }

  remove(block: Block, index: number): void {
    this.move(block, index, GONE, 0);
    if (block.isEmpty) this.#finish(block);
  }

  /** Removes from a block what is not leased. */
  removeUnheld(block: Block): void {
    this.#removeWhere(block, (standing) => standing === VISIBLE || standing === DELAYED);
  }

  #removeWhere(block: Block, isMeant: (standing: Standing) => boolean): void {
    for (let index = 0; index < block.count; index += 1) {
      const standing = block.standingOf(index);
      if (standing !== GONE && isMeant(standing)) this.move(block, index, GONE, 0);
    }
    if (block.isEmpty) this.#finish(block);
  }

  /**
   * Removes everything but what is on its way to another queue, where it may have arrived.
   *
   * @param begin is told of each block before its messages are removed
   */
  purge(begin: (block: Block) => void): void {
    const isAnyMoving = this.moving > 0;
    for (const block of [...this.#blocks.values()]) {
      begin(block);
      if (isAnyMoving) {
        this.#removeWhere(block, (standing) => standing !== MOVING);
      } else {
        this.#add(block, -1);
        block.clear();
        this.#finish(block);
      }
    }
    if (!isAnyMoving) this.#turns.reset(this.#turns.order);
  }

  /** The messages of one standing, in the order of their places. */
  *places(standing: Standing): Generator<PlacedMessage> {
    const name = COUNT_OF[standing] as keyof StandingCounts;
    for (const block of this.#blocks.values()) {
      for (let index = 0; block[name] > 0 && index < block.count; index += 1) {
        if (block.standingOf(index) === standing) yield { block, index };
      }
    }
  }

  /** Lets what is due at `now` meet its fate: visible, unless a lease was over. Answers how many died. */
  promote(now: number, fateOf: (block: Block, index: number, leaseEndedAt: number) => Fate): number {
    const { dead } = this;
    for (let block = this.#due.take(now); block !== undefined; block = this.#due.take(now)) {
      const { leased } = block;
      this.#add(block, -1);
      const promoted = block;
      const moved = (index: number, before: Standing, after: Standing) =>
        this.groups.moved(promoted, index, before, after);
      block.promote(now, (index, leaseEndedAt) => fateOf(promoted, index, leaseEndedAt), moved);
      this.#add(block, +1);
      // Stored, because another configuration would find another fate.
      if (block.leased !== leased && !this.unsaved.has(block)) this.unsaved.set(block, "update");
      if (block.visible > 0) this.#makeReady(block);
      if (block.nextDueAt <= now) throw new DamagedRow(block.slot, `block ${block.number} is still due`);
      if (block.nextDueAt < Number.POSITIVE_INFINITY) this.#due.plan(block, block.nextDueAt);
    }
    return this.dead - dead;
  }

  /** Lets go of the states that were used longest ago. To be called when everything is stored. */
  unloadOldest(blocksMax: number): void {
    this.#loaded.unloadOldest(blocksMax, (block) => this.marks.has(block));
  }

  /** No message becomes visible by itself before this time. */
  get nextDueAt(): number {
    return this.#due.nextAt;
  }

  /** Tells that a row need not keep its keys any longer. */
  keysExpired(slot: number): void {
    this.slots.keysExpired(slot);
  }

  /** Moves a message to a standing that lasts until `visibleAt`. */
  move(block: Block, index: number, standing: Standing, visibleAt: number): void {
    const before = block.move(index, standing, visibleAt);
    this.#count(before, -1);
    this.#count(standing, +1);
    if (block.isGrouped) this.groups.moved(block, index, before, standing);
    if (!this.unsaved.has(block)) this.unsaved.set(block, "update");
    this.#loaded.use(block);
    if (standing === VISIBLE) this.#makeReady(block);
    else if (standing === DELAYED || standing === LEASED) this.#due.plan(block, visibleAt);
  }

  #count(standing: Standing, change: number): void {
    const name = COUNT_OF[standing];
    if (name !== undefined) this[name] += change;
  }

  #enter(block: Block): void {
    this.#blocks.set(block.number, block);
    this.#lanes.enter(block);
  }

  #finish(block: Block): void {
    this.#blocks.delete(block.number);
    this.#lanes.leave(block);
    this.#turns.finished(block);
    this.#due.drop(block);
    this.watcher?.finished(block);
    this.#loaded.drop(block);
    this.unsaved.set(block, this.unsaved.get(block) === "write" ? "write" : "free");
  }

  #add(block: Block, sign: 1 | -1): void {
    this.visible += sign * block.visible;
    this.delayed += sign * block.delayed;
    this.leased += sign * block.leased;
    this.dead += sign * block.dead;
    this.moving += sign * block.moving;
  }

  #makeReady(block: Block): void {
    this.watcher?.becameVisible(block);
    this.#turns.becameVisible(block);
  }
}
