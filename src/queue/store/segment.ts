import type { Ending } from "../../contract/states.ts";
import type { MessageRules } from "../base/commands.ts";
import type { Place } from "../base/receipt.ts";
import type { Ledger } from "./ledger.ts";
import { type Note, Notes } from "./notes.ts";
import { joined, type OwnRules } from "./own-rules.ts";
import { NO_DUES, States } from "./segment-states.ts";
import {
  type AdoptedMessage,
  decodeState,
  type SegmentKind,
  type SegmentState,
  type SegmentSummary,
} from "./segment-summary.ts";
import {
  DELAYED,
  GONE,
  LEASED,
  NAME_OF,
  NONE,
  type PresentState,
  type State,
  type StateCounts,
  sumOf,
  type Transition,
  VISIBLE,
} from "./states.ts";
import { VisibleRange } from "./visible-range.ts";

/**
 * A segment: up to `SEGMENT_MESSAGES_MAX` messages that share one stored row.
 *
 * The payloads, which seldom change, stay in storage until a message is received. What changes often is small and of fixed
 * size per message. It stays in storage too until it is needed, and a segment of which no message was delivered or delayed
 * does not have it at all. In memory every segment is a few counts, so a long backlog costs memory by the segment and not
 * by the message.
 */
export class Segment implements SegmentSummary {
  /** The row that holds this segment. Rows are used again, numbers are not. */
  readonly slot: number;
  /** Segments are numbered in the order of their making. */
  readonly number: number;
  readonly priority: number;
  readonly areDeadLetters: boolean;
  readonly isGrouped: boolean;
  putAt: number;
  holdsMoved = false;
  ownRules: OwnRules | undefined;
  /** How many messages that were put here are in other segments now. Their keys are in the row of this one. */
  movedAway = 0;
  /** The counts of the queue, which change together with those of the segment. */
  readonly #ledger: Ledger;
  count = 0;
  bytes = 0;
  readonly counts: StateCounts = { ...NONE };
  /** How many messages are in any state. */
  #present = 0;
  nextDueAt = Number.POSITIVE_INFINITY;
  lastDueAt = 0;
  /** What was due by then is visible, though the stored state may not say so. */
  #promotedTo = 0;
  readonly #visibleRange = new VisibleRange();
  /** Undefined while all messages are as they were put, and while it is not loaded. */
  #states: States | undefined;
  #notes: Notes | undefined;
  /** Reads the stored state. Undefined while what is in memory holds. */
  #load: (() => SegmentState) | undefined;

  constructor(slot: number, number: number, kind: SegmentKind, putAt: number, ledger: Ledger) {
    const { priority, areDeadLetters, isGrouped } = kind;
    this.#ledger = ledger;
    this.slot = slot;
    this.number = number;
    this.priority = priority;
    this.areDeadLetters = areDeadLetters;
    this.isGrouped = isGrouped;
    this.putAt = putAt;
  }

  /** Restores a segment from its row. Call `unload` next, which says how its state is read. */
  static restore(row: { slot: number; number: number } & SegmentSummary, ledger: Ledger): Segment {
    const segment = new Segment(row.slot, row.number, row, row.putAt, ledger);
    ledger.restored(row.counts);
    const { counts, count, bytes, holdsMoved, ownRules, nextDueAt, lastDueAt } = row;
    Object.assign(segment.counts, counts);
    segment.#present = sumOf(counts);
    segment.#visibleRange.reset(count);
    return Object.assign(segment, { count, bytes, holdsMoved, ownRules, nextDueAt, lastDueAt });
  }

  /** Whether no message is left, here or of those that were put here: the row is free then. */
  get isFinished(): boolean {
    return this.#present + this.movedAway === 0;
  }

  /** Drops the state from memory. It must be stored as it is, and is read when it is needed. */
  unload(load: () => SegmentState): void {
    this.#states = undefined;
    this.#notes = undefined;
    this.#load = load;
  }

  /** Adds a message, visible at once if `visibleAt` is 0, and answers with its index. `payloadBytes` are those of UTF-8. */
  append(payloadBytes: number, visibleAt: number, rules?: MessageRules): number {
    this.#ensureLoaded();
    if (visibleAt > 0) this.#touch();
    const state = visibleAt > 0 ? DELAYED : VISIBLE;
    this.#states?.append(state, visibleAt);
    this.#ledger.accepted(state);
    return this.#appended(payloadBytes, state, visibleAt, rules);
  }

  /** Adds a message that was in another segment, as it is there, and answers with its index here. */
  adopt(payloadBytes: number, message: AdoptedMessage): number {
    const { state, visibleAt, deliveries, note, rules } = message;
    this.#touch().append(state, visibleAt, deliveries);
    const index = this.#appended(payloadBytes, state, visibleAt, rules);
    this.note(index, note);
    this.putAt = Math.min(this.putAt, note.origin[2]);
    this.holdsMoved = true;
    return index;
  }

  #appended(bytes: number, state: PresentState, visibleAt: number, rules: MessageRules | undefined): number {
    const index = this.count;
    if (rules !== this.ownRules) this.ownRules = joined(this.ownRules, rules, index === 0);
    this.count += 1;
    this.bytes += bytes + 1;
    this.counts[NAME_OF[state]] += 1;
    this.#present += 1;
    if (state === DELAYED) this.#expect(visibleAt);
    else this.#visibleRange.add(index);
    return index;
  }

  /** The place that the id of a message names: that of its put. */
  originOf(index: number): Place {
    const origin = this.holdsMoved ? this.noteOf(index).origin : undefined;
    if (origin === undefined) return { segmentNumber: this.number, index };
    return { segmentNumber: origin[0], index: origin[1] };
  }

  stateOf(index: number): State {
    this.#ensureLoaded();
    if (index >= this.count) return GONE;
    return (this.#states?.state[index] ?? VISIBLE) as State;
  }

  /** How often a message was delivered: the number of its newest receipt. */
  deliveriesOf(index: number): number {
    this.#ensureLoaded();
    return this.#states?.deliveriesOf(index) ?? 0;
  }

  /** Whether a message is leased and no handler has begun with it. */
  isUnbegun(index: number): boolean {
    this.#ensureLoaded();
    return this.#states?.isUnbegun(index) ?? false;
  }

  /** When a message is next visible, when its lease ends, or when it died. */
  visibleAtOf(index: number): number {
    this.#ensureLoaded();
    return this.#states?.visibleAt[index] ?? 0;
  }

  noteOf(index: number): Note {
    this.#ensureLoaded();
    return this.#notes?.get(index) ?? {};
  }

  /** Changes the given fields of a note; those that are undefined are removed. Old errors may be cut for a new one. */
  note(index: number, change: Note): void {
    this.#ensureLoaded();
    this.#notes ??= new Notes();
    this.#notes.change(index, change);
  }

  /** The first visible message. Throws `DamagedRow` if there is none, although the summary counts some. */
  firstVisible(): number {
    return this.#visibleRange.first(this);
  }

  /** The last visible message. Throws `DamagedRow` if there is none, although the summary counts some. */
  lastVisible(): number {
    return this.#visibleRange.last(this);
  }

  /** Counts the delivery and answers with its number. */
  deliver(index: number, isBegun: boolean): number {
    return this.#touch().deliver(index, isBegun);
  }

  /** Notes that a handler has begun with a message that is leased. */
  begin(index: number): void {
    this.#touch().begin(index);
  }

  /** Moves a message to a state that lasts until `visibleAt`, and answers with the one before. */
  move(index: number, state: PresentState, visibleAt: number): PresentState {
    const before = this.#change(index, state, visibleAt);
    this.counts[NAME_OF[state]] += 1;
    this.#ledger.moved(before, state);
    if (state === VISIBLE) this.#visibleRange.add(index);
    else if (state === DELAYED || state === LEASED) this.#expect(visibleAt);
    return before;
  }

  /** Removes a message, and answers with the state that it had. `isFinished`: see `Ledger.left`. */
  remove(index: number, ending: Ending, isFinished: boolean): PresentState {
    const before = this.moveOut(index);
    this.#ledger.left(before, ending, isFinished);
    return before;
  }

  /** Removes a message that another segment has adopted, and answers with the state that it had. */
  moveOut(index: number): PresentState {
    const before = this.#change(index, GONE, 0);
    this.#present -= 1;
    this.#notes?.delete(index);
    return before;
  }

  /** Takes a message out of the count of its state. */
  #change(index: number, state: State, visibleAt: number): PresentState {
    const states = this.#touch();
    const before = states.state[index] as PresentState;
    this.counts[NAME_OF[before]] -= 1;
    states.state[index] = state;
    states.visibleAt[index] = visibleAt;
    if (state !== LEASED) states.begin(index);
    return before;
  }

  /** Counts every message as purged, of a segment that is not used any more. None is transferring. */
  purge(): void {
    this.#ledger.purged(this.counts);
    Object.assign(this.counts, NONE);
    this.#present = 0;
    this.movedAway = 0;
  }

  /**
   * Applies all transitions that are due at `now`: a delayed message is visible, an expired lease is as `transitionOf`
   * says. If all that waits is delayed, due and in no group, the state is not read.
   *
   * @param changed is called for each message that is in a group
   */
  promote(
    now: number,
    transitionOf: (index: number, leaseEndedAt: number) => Transition,
    changed: (index: number, before: State, after: State) => void,
  ): void {
    const promotedTo = this.#promotedTo;
    this.#promotedTo = now;
    this.#visibleRange.reset(this.count);
    const { visible, delayed, leased } = this.counts;
    let counts: StateCounts = { ...this.counts, visible: visible + delayed, delayed: 0 };
    let dues = NO_DUES;
    if (this.lastDueAt > now || leased > 0 || this.#states !== undefined || this.isGrouped) {
      // The stored state is older than this: the transitions since then are applied here, not while it is loaded.
      this.#ensureLoaded(promotedTo);
      const states = this.#touch();
      states.promote(now, transitionOf, this.isGrouped ? changed : undefined);
      counts = states.counts();
      dues = states.dues();
    }
    this.#ledger.promoted(this.counts, counts);
    Object.assign(this.counts, counts);
    Object.assign(this, dues);
  }

  encode(): SegmentState {
    this.#ensureLoaded();
    return { state: this.#states?.encode() ?? null, notes: this.#notes?.encode() ?? null };
  }

  #touch(): States {
    this.#ensureLoaded();
    this.#states ??= new States(this.count);
    return this.#states;
  }

  #ensureLoaded(promotedTo = this.#promotedTo): void {
    if (this.#load === undefined) return;
    const { states, notes } = decodeState(this, this.#load(), promotedTo);
    this.#states = states;
    this.#notes = notes;
    this.#load = undefined;
  }

  #expect(dueAt: number): void {
    this.nextDueAt = Math.min(this.nextDueAt, dueAt);
    this.lastDueAt = Math.max(this.lastDueAt, dueAt);
  }
}
