import type { Ending } from "../../contract/states.ts";
import type { NewMessage } from "../base/commands.ts";
import type { OrderName } from "../base/configuration.ts";
import { DamagedRow } from "../base/damage.ts";
import type { Place } from "../base/receipt.ts";
import { TimerHeap } from "../base/timer-heap.ts";
import type { Ledger } from "../store/ledger.ts";
import type { RowTable } from "../store/row-table.ts";
import { type RowReader, type StoredSegment, splitLines } from "../store/rows.ts";
import { Segment } from "../store/segment.ts";
import { checkSummary, type SegmentKind } from "../store/segment-summary.ts";
import {
  DELAYED,
  GONE,
  LEASED,
  NAME_OF,
  type PresentState,
  type State,
  type Transition,
  VISIBLE,
} from "../store/states.ts";
import { FairScheduler } from "./fair-scheduler.ts";
import type { Groups } from "./groups.ts";
import { LoadedSegments } from "./loaded-segments.ts";
import { type Move, MovedMessages, type PlacedMessage } from "./moved-messages.ts";
import { ORDERS } from "./orders.ts";
import { RuledSegments } from "./ruled-segments.ts";
import type { SegmentWatcher } from "./segment-watcher.ts";
import { SegmentsByKind } from "./segments-by-kind.ts";

export type { PlacedMessage } from "./moved-messages.ts";

/** All segments of a queue, in the order in which they were made, and which message is next. */
export class Backlog {
  readonly #reader: RowReader;
  readonly #ledger: Ledger;
  readonly #segments = new Map<number, Segment>();
  readonly #rows: RowTable;
  readonly #segmentsByKind: SegmentsByKind;
  readonly #loaded: LoadedSegments;
  readonly moved = new MovedMessages(this.#segments);
  readonly ruled = new RuledSegments();
  readonly #scheduler: FairScheduler;
  /** When a delay or a lease ends. */
  readonly #due = new TimerHeap<Segment>();
  watcher: SegmentWatcher | undefined;
  /** Called when a message has changed its state, but for the end of a delay. */
  changed: (segment: Segment, index: number) => void = () => undefined;

  #lastSegment: number;

  constructor(
    { order, maxLeasedPerGroup }: { order: OrderName; maxLeasedPerGroup: number },
    ledger: Ledger,
    reader: RowReader,
    rows: RowTable,
  ) {
    this.#rows = rows;
    this.#segmentsByKind = new SegmentsByKind(rows, (kind, now) => this.#newSegment(kind, now));
    this.#scheduler = new FairScheduler(order, maxLeasedPerGroup, (place) => this.segmentAt(place));
    this.#ledger = ledger;
    this.#lastSegment = ledger.totals.lastSegment;
    this.#reader = reader;
    this.#loaded = new LoadedSegments(reader);
  }

  /**
   * Restores a stored segment. Call it in ascending order of the segments' numbers.
   *
   * @throws {DamagedRow} if there can be no such segment
   */
  restore(row: StoredSegment): void {
    checkSummary(row, this.#lastSegment);
    if (this.#segments.has(row.number)) throw new DamagedRow(row.slot, `segment ${row.number} is in another row too`);
    const segment = Segment.restore(row, this.#ledger);
    this.#loaded.unload(segment);
    this.#enter(segment);
    const { visible, delayed, leased } = segment.counts;
    if (visible > 0) this.#makeReady(segment);
    if (delayed + leased > 0) this.#due.plan(segment, segment.nextDueAt);
  }

  /** Sets the order in which messages are handed out. Only an empty queue can change to another order. */
  setOrder(order: OrderName): void {
    if (this.#scheduler.order === ORDERS[order]) return;
    if (this.#segments.size > 0) throw new Error("The order of what the queue holds cannot be changed.");
    this.#scheduler.reset(ORDERS[order]);
  }

  get groups(): Groups {
    return this.#scheduler.groups;
  }

  /** Reads the groups of the messages, and which were moved. Call it when all stored segments are restored. */
  restoreOthers(): void {
    const unload = (segment: Segment) => this.#loaded.unload(segment);
    for (const segment of this.#segments.values()) {
      if (!segment.isGrouped) continue;
      this.groups.restore(segment, splitLines(this.#reader.groups(segment.slot)));
      unload(segment);
    }
    this.moved.restore(unload);
  }

  get lastSegment(): number {
    return this.#lastSegment;
  }

  segments(): Iterable<Segment> {
    return this.#segments.values();
  }

  segmentAt(place: Place): Segment | undefined {
    return this.#segments.get(place.segmentNumber);
  }

  /** Of each kind, the segment with its oldest message. */
  oldestOfEachKind(): Segment[] {
    return this.#segmentsByKind.oldest();
  }

  /** Finds room for messages that are put together: see `SegmentsByKind.beginBatch`. */
  beginBatch(
    messages: readonly NewMessage[],
    payloadBytes: readonly number[],
    now: number,
  ): (message: NewMessage, payloadBytes: number) => Segment {
    return this.#segmentsByKind.beginBatch(messages, payloadBytes, this.#scheduler.order, now);
  }

  #newSegment(kind: SegmentKind, now: number): Segment {
    this.#lastSegment += 1;
    const segment = new Segment(this.#rows.take(), this.#lastSegment, kind, now, this.#ledger);
    this.#enter(segment);
    this.#rows.created(segment);
    return segment;
  }

  /**
   * Adds a message to a segment and answers with its index there.
   *
   * @param payloadBytes the size of its payload in UTF-8
   * @param visibleAt 0 for a message that is visible at once
   */
  append(
    segment: Segment,
    payloadBytes: number,
    visibleAt: number,
    message: Pick<NewMessage, "group" | "rules">,
  ): number {
    const index = segment.append(payloadBytes, visibleAt, message.rules);
    this.#appended(segment, index, visibleAt > 0 ? DELAYED : VISIBLE, message.group);
    return index;
  }

  #appended(segment: Segment, index: number, state: PresentState, group: string | undefined): void {
    this.#loaded.use(segment);
    this.#rows.appended(segment);
    this.ruled.note(segment);
    if (state === DELAYED) this.#due.plan(segment, segment.visibleAtOf(index));
    else this.#makeReady(segment);
    if (group !== undefined) this.groups.add(segment, index, group);
  }

  /**
   * Moves a message that waits behind the messages of another priority, and answers where it is then.
   *
   * @param payloadBytes the size of its changed payload in UTF-8
   */
  moveToPriority(from: PlacedMessage, priority: number, payloadBytes: number, move: Move): PlacedMessage {
    const { segment, index } = from;
    const { areDeadLetters, isGrouped } = segment;
    const kind = { priority, areDeadLetters, isGrouped };
    const target = this.#segmentsByKind.segmentFor(kind, 1, payloadBytes + 1, move.now);
    const group = this.groups.groupOf(segment, index);
    const to = this.moved.copy(from, target, payloadBytes, move);
    // Added before it is removed, so that a group of which it is the only message keeps its turn.
    this.#appended(target, to, move.state, group);
    const before = segment.moveOut(index);
    this.#ledger.moved(before, move.state);
    this.#changed(segment, index, before, GONE);
    if (segment.isFinished) this.#finish(segment);
    return { segment: target, index: to };
  }

  /** The visible message that is next in order. */
  next(): PlacedMessage | undefined {
    return this.#scheduler.next();
  }

  /** Counts the delivery of the message that is next, and answers with its number. */
  deliver(segment: Segment, index: number, isBegun: boolean): number {
    this.groups.served(segment, index);
    return segment.deliver(index, isBegun);
  }

  /** Notes that a handler has begun with a leased message. That is stored when the segment is next written. */
  begin(segment: Segment, index: number, now: number): void {
    segment.begin(index);
    this.#loaded.use(segment);
    this.#rows.begun(segment, now);
  }

  /**
   * Removes a message.
   *
   * @param isFinished whether the message was unfinished until now
   */
  remove(segment: Segment, index: number, ending: Ending, isFinished: boolean): void {
    const origin = segment.holdsMoved ? segment.noteOf(index).origin : undefined;
    const before = segment.remove(index, ending, isFinished);
    this.#changed(segment, index, before, GONE);
    const from = origin && this.moved.delete(origin);
    if (from?.isFinished && from !== segment) this.#finish(from);
    if (segment.isFinished) this.#finish(segment);
  }

  /** Purges all messages, without reading which there are. None may be transferring. */
  purge(): void {
    for (const segment of [...this.#segments.values()]) {
      segment.purge();
      this.#finish(segment);
    }
    this.moved.clear();
    this.#scheduler.reset(this.#scheduler.order);
  }

  /** The messages of one state, in the order of their places. */
  *places(state: PresentState): Generator<PlacedMessage> {
    const name = NAME_OF[state];
    for (const segment of this.#segments.values()) {
      for (let index = 0; segment.counts[name] > 0 && index < segment.count; index += 1) {
        if (segment.stateOf(index) === state) yield { segment, index };
      }
    }
  }

  /** Applies all transitions that are due at `now`: a delayed message is visible, an expired lease is as `transitionOf` says. */
  promote(now: number, transitionOf: (segment: Segment, index: number, leaseEndedAt: number) => Transition): void {
    for (let segment = this.#due.take(now); segment !== undefined; segment = this.#due.take(now)) {
      const { leased } = segment.counts;
      const promoted = segment;
      const changed = (index: number, before: State, after: State) =>
        this.groups.stateChanged(promoted, index, before, after);
      segment.promote(now, (index, leaseEndedAt) => transitionOf(promoted, index, leaseEndedAt), changed);
      // Stored, because under another configuration another transition would follow.
      if (segment.counts.leased !== leased) this.#rows.changed(segment);
      if (segment.counts.visible > 0) this.#makeReady(segment);
      if (segment.nextDueAt <= now) throw new DamagedRow(segment.slot, `segment ${segment.number} is still due`);
      if (segment.nextDueAt < Number.POSITIVE_INFINITY) this.#due.plan(segment, segment.nextDueAt);
    }
  }

  /** Drops the states from memory that were used longest ago. Call it when everything is stored. */
  unloadOldest(segmentsMax: number): void {
    this.#loaded.unloadOldest(segmentsMax, (segment) => this.#rows.isOnlyInMemory(segment));
  }

  /** No message becomes visible by itself before this time. */
  get nextDueAt(): number {
    return this.#due.nextAt;
  }

  /** Moves a message to a state that lasts until `visibleAt`. */
  move(segment: Segment, index: number, state: PresentState, visibleAt: number): void {
    this.#changed(segment, index, segment.move(index, state, visibleAt), state);
    if (state === VISIBLE) this.#makeReady(segment);
    else if (state === DELAYED || state === LEASED) this.#due.plan(segment, visibleAt);
  }

  #changed(segment: Segment, index: number, before: State, after: State): void {
    if (before === VISIBLE && segment.counts.visible === 0) this.#scheduler.becameHidden(segment);
    if (segment.isGrouped) this.groups.stateChanged(segment, index, before, after);
    this.#rows.changed(segment);
    this.#loaded.use(segment);
    this.changed(segment, index);
  }

  #enter(segment: Segment): void {
    this.#segments.set(segment.number, segment);
    this.#segmentsByKind.enter(segment);
    this.ruled.note(segment);
  }

  #finish(segment: Segment): void {
    this.#segments.delete(segment.number);
    this.#segmentsByKind.leave(segment);
    this.#scheduler.finished(segment);
    this.ruled.finished(segment);
    this.#due.drop(segment);
    this.watcher?.finished(segment);
    this.#loaded.drop(segment);
    this.#rows.finished(segment);
  }

  #makeReady(segment: Segment): void {
    this.watcher?.becameVisible(segment);
    this.#scheduler.becameVisible(segment);
  }
}
