import type { Ending } from "../../contract/states.ts";
import { DamagedRow } from "../base/damage.ts";
import type { Ledger } from "./ledger.ts";
import { type Note, Notes } from "./notes.ts";
import { NO_DUES, States } from "./segment-states.ts";
import { checkCounts, type SegmentKind, type SegmentState, type SegmentSummary } from "./segment-summary.ts";
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

export { SEGMENT_MESSAGES_MAX, type SegmentKind, type SegmentState, type SegmentSummary } from "./segment-summary.ts";

/**
 * A segment: up to `SEGMENT_MESSAGES_MAX` messages that share one stored row.
 *
 * The payloads, which never change, stay in storage until a message is received. What changes is small and of fixed size
 * per message. It stays in storage too until it is needed, and a segment of which no message was delivered or delayed
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
  readonly putAt: number;
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
  /** No visible message has a lower index than the first, or a higher one than the last. */
  #firstCandidate = 0;
  #lastCandidate = -1;
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
    Object.assign(segment.counts, row.counts);
    segment.#present = sumOf(row.counts);
    const { count, bytes, nextDueAt, lastDueAt } = row;
    segment.#lastCandidate = count - 1;
    return Object.assign(segment, { count, bytes, nextDueAt, lastDueAt });
  }

  get isEmpty(): boolean {
    return this.#present === 0;
  }

  /** Drops the state from memory. It must be stored as it is, and is read when it is needed. */
  unload(load: () => SegmentState): void {
    this.#states = undefined;
    this.#notes = undefined;
    this.#load = load;
  }

  /** Adds a message, visible at once if `visibleAt` is 0, and answers with its index. `payloadBytes` are those of UTF-8. */
  append(payloadBytes: number, visibleAt: number): number {
    this.#ensureLoaded();
    const index = this.count;
    if (visibleAt > 0) this.#touch();
    this.count += 1;
    this.bytes += payloadBytes + 1;
    const state = visibleAt > 0 ? DELAYED : VISIBLE;
    this.#states?.append(state, visibleAt);
    this.counts[NAME_OF[state]] += 1;
    this.#present += 1;
    this.#ledger.accepted(state);
    if (state === DELAYED) this.#expect(visibleAt);
    else this.#lastCandidate = index;
    return index;
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

  /** How often a handler has begun with a message: its deliveries without those that were never begun. */
  attemptsOf(index: number): number {
    const unbegun = (this.noteOf(index).unbegun ?? 0) + Number(this.isUnbegun(index));
    return this.deliveriesOf(index) - unbegun;
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

  /** Notes that the newest delivery of a message does not count as an attempt. Call it at most once for each delivery. */
  noteUnbegun(index: number): void {
    this.note(index, { unbegun: (this.noteOf(index).unbegun ?? 0) + 1 });
  }

  /** Undoes `noteUnbegun`: a handler had begun with the newest delivery after all. */
  noteBegun(index: number): void {
    const unbegun = (this.noteOf(index).unbegun ?? 0) - 1;
    this.note(index, { unbegun: unbegun > 0 ? unbegun : undefined });
  }

  /** The attempts that `maxAttempts` is compared with: those since the last redrive. */
  countedAttemptsOf(index: number): number {
    return this.attemptsOf(index) - (this.noteOf(index).spared ?? 0);
  }

  /** The first visible message. Throws `DamagedRow` if there is none, although the summary counts some. */
  firstVisible(): number {
    for (; this.#firstCandidate < this.count; this.#firstCandidate += 1) {
      if (this.stateOf(this.#firstCandidate) === VISIBLE) return this.#firstCandidate;
    }
    throw this.#without(`of ${this.counts.visible} visible messages`);
  }

  /** The last visible message. Throws `DamagedRow` if there is none, although the summary counts some. */
  lastVisible(): number {
    for (; this.#lastCandidate >= 0; this.#lastCandidate -= 1) {
      if (this.stateOf(this.#lastCandidate) === VISIBLE) return this.#lastCandidate;
    }
    throw this.#without(`of ${this.counts.visible} visible messages`);
  }

  /** The first message that is not gone. Throws `DamagedRow` if there is none, although the summary counts some. */
  firstPresent(): number {
    for (let index = 0; index < this.count; index += 1) if (this.stateOf(index) !== GONE) return index;
    throw this.#without(`of ${this.count} messages any`);
  }

  #without(expected: string): DamagedRow {
    return new DamagedRow(this.slot, `segment ${this.number} has none ${expected}`);
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
    if (state === VISIBLE) {
      this.#firstCandidate = Math.min(this.#firstCandidate, index);
      this.#lastCandidate = Math.max(this.#lastCandidate, index);
    } else if (state === DELAYED || state === LEASED) {
      this.#expect(visibleAt);
    }
    return before;
  }

  /** Removes a message, and answers with the state that it had. `isFinished`: see `Ledger.left`. */
  remove(index: number, ending: Ending, isFinished: boolean): PresentState {
    const before = this.#change(index, GONE, 0);
    this.#present -= 1;
    this.#ledger.left(before, ending, isFinished);
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
    this.#firstCandidate = 0;
    this.#lastCandidate = this.count - 1;
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
    const { slot, count } = this;
    const { state, notes } = this.#load();
    const states = state === null ? undefined : States.decode(slot, state, count);
    states?.promote(promotedTo);
    checkCounts(this, states);
    this.#notes = notes === null ? undefined : Notes.decode(slot, notes, count);
    this.#states = states;
    this.#load = undefined;
  }

  #expect(dueAt: number): void {
    this.nextDueAt = Math.min(this.nextDueAt, dueAt);
    this.lastDueAt = Math.max(this.lastDueAt, dueAt);
  }
}
