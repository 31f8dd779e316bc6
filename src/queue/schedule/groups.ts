import { Heap } from "../base/heap.ts";
import type { Place } from "../base/receipt.ts";
import type { Segment } from "../store/segment.ts";
import { DELAYED, GONE, LEASED, type State, VISIBLE } from "../store/states.ts";
import type { Order } from "./orders.ts";

/** A group of which the queue holds messages, in whatever state. */
interface Group {
  readonly name: string;
  /** The ranks of its visible messages. May also hold some of messages that are not visible any more. */
  readonly ready: Heap<number>;
  present: number;
  /** Messages that somebody works on: leased, or waiting to be tried again. */
  inWork: number;
  /** When it was last its turn. */
  turn: number;
  /** Its valid entry among those that can be served. */
  entry: Entry | undefined;
}

/** How many ranks of messages that are not visible any more are left alone. */
const STALE_MAX = 100;

interface Entry {
  group: Group;
  priority: number;
  turn: number;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.turn < b.turn);
}

function isLower(a: number, b: number): boolean {
  return a < b;
}

/** The message that is next of all that are in groups. */
interface GroupedMessage {
  place: Place;
  priority: number;
  turn: number;
}

/**
 * Groups take turns: of those that can be served, the one goes first that was served longest ago. A group can be served
 * while fewer of its messages than the limit are in work. A message that waits to be tried again counts among them, so
 * that with a limit of one it comes before those that were put after it, and the group keeps its order.
 *
 * Which message is in which group, and which of them are visible, is kept in memory: some 20 bytes per message.
 */
export class Groups {
  readonly #order: Order;
  readonly #segmentAt: (place: Place) => Segment | undefined;
  readonly #groups = new Map<string, Group>();
  /** By segment, the group of each of its messages; undefined for one that was gone when the segment was taken back. */
  readonly #members = new Map<Segment, (Group | undefined)[]>();
  readonly #uncommitted = new Map<Segment, string[]>();
  #servable = new Heap<Entry>(isBefore);
  #maxLeased: number;
  #turns = 0;
  /** When it was last the turn of messages that are in no group. */
  #turnOfOthers = 0;

  constructor(order: Order, maxLeased: number, segmentAt: (place: Place) => Segment | undefined) {
    this.#order = order;
    this.#maxLeased = maxLeased;
    this.#segmentAt = segmentAt;
  }

  get maxLeased(): number {
    return this.#maxLeased;
  }

  set maxLeased(maxLeased: number) {
    if (maxLeased === this.#maxLeased) return;
    this.#maxLeased = maxLeased;
    for (const group of this.#groups.values()) this.#refresh(group);
  }

  groupOf(segment: Segment, index: number): string | undefined {
    return this.#members.get(segment)?.[index]?.name;
  }

  /** Takes in the next message of a segment. */
  add(segment: Segment, index: number, name: string): void {
    this.#enter(segment, index, name);
    const uncommitted = this.#uncommitted.get(segment);
    if (uncommitted === undefined) this.#uncommitted.set(segment, [name]);
    else uncommitted.push(name);
  }

  /** Takes a stored segment back: its messages' groups, in order. */
  restore(segment: Segment, names: readonly string[]): void {
    for (const [index, name] of names.entries()) this.#enter(segment, index, name);
  }

  /** The names to store for this segment: those that came since it was last asked, each ended by a line feed. */
  takeUncommitted(segment: Segment): string {
    const names = this.#uncommitted.get(segment) ?? [];
    this.#uncommitted.delete(segment);
    return names.map((name) => `${name}\n`).join("");
  }

  /** A message has another state now. */
  stateChanged(segment: Segment, index: number, before: State, after: State): void {
    const group = this.#members.get(segment)?.[index];
    if (group === undefined) return;
    const deliveries = segment.deliveriesOf(index);
    group.inWork += Number(isInWork(after, deliveries)) - Number(isInWork(before, deliveries));
    if (after === VISIBLE && before !== VISIBLE) group.ready.push(this.#order.rankOf(segment, index));
    if (after === GONE) this.#leave(group);
    if (group.ready.size > 2 * group.present + STALE_MAX) this.#dropStale(group);
    this.#refresh(group);
  }

  /** Drops the ranks of messages that left from the middle, which nothing else would reach. */
  #dropStale(group: Group): void {
    const ranks = new Set<number>();
    for (let rank = group.ready.pop(); rank !== undefined; rank = group.ready.pop()) {
      if (this.#isVisible(this.#order.placeOf(rank))) ranks.add(rank);
    }
    for (const rank of ranks) group.ready.push(rank);
  }

  #isVisible(place: Place): boolean {
    return this.#segmentAt(place)?.stateOf(place.index) === VISIBLE;
  }

  /** The segment is done with. */
  forget(segment: Segment): void {
    this.#members.delete(segment);
    this.#uncommitted.delete(segment);
  }

  /** A message was handed out; it may be in no group. */
  served(segment: Segment, index: number): void {
    this.#turns += 1;
    const group = this.#members.get(segment)?.[index];
    if (group === undefined) {
      this.#turnOfOthers = this.#turns;
    } else {
      if (group.ready.peek() === this.#order.rankOf(segment, index)) group.ready.pop();
      group.turn = this.#turns;
      this.#refresh(group);
    }
  }

  /** The message of a group that is next, unless it is the turn of one in no group with this priority. */
  next(priorityOfOthers: number | undefined): Place | undefined {
    const first = this.#first();
    if (first === undefined || priorityOfOthers === undefined) return first?.place;
    const isOthersTurn =
      priorityOfOthers < first.priority || (priorityOfOthers === first.priority && this.#turnOfOthers < first.turn);
    return isOthersTurn ? undefined : first.place;
  }

  #first(): GroupedMessage | undefined {
    for (let entry = this.#servable.peek(); entry !== undefined; entry = this.#servable.peek()) {
      const { group, priority, turn } = entry;
      const place = group.entry === entry ? this.#headOf(group) : undefined;
      if (place !== undefined && group.entry === entry) return { place, priority, turn };
      // What was dropped on the way may have let the heap be built anew, without this entry.
      if (this.#servable.peek() === entry) this.#servable.pop();
    }
    return undefined;
  }

  /** The visible message of a group that is next in it. What is not visible any more is dropped on the way. */
  #headOf(group: Group): Place | undefined {
    for (let rank = group.ready.peek(); rank !== undefined; rank = group.ready.peek()) {
      const place = this.#order.placeOf(rank);
      if (this.#isVisible(place)) return place;
      group.ready.pop();
      this.#refresh(group);
    }
    return undefined;
  }

  #enter(segment: Segment, index: number, name: string): void {
    const state = segment.stateOf(index);
    const group = state === GONE ? undefined : this.#groupNamed(name);
    const members = this.#members.get(segment);
    if (members === undefined) this.#members.set(segment, [group]);
    else members.push(group);
    if (group === undefined) return;
    group.present += 1;
    if (state === VISIBLE) group.ready.push(this.#order.rankOf(segment, index));
    if (isInWork(state, segment.deliveriesOf(index))) group.inWork += 1;
    this.#refresh(group);
  }

  /** A group that is new stands behind all others. */
  #groupNamed(name: string): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    this.#turns += 1;
    const ready = new Heap(isLower);
    const group = { name, ready, present: 0, inWork: 0, turn: this.#turns, entry: undefined };
    this.#groups.set(name, group);
    return group;
  }

  /** A group of which nothing is present is not remembered. */
  #leave(group: Group): void {
    group.present -= 1;
    if (group.present === 0) this.#groups.delete(group.name);
  }

  /** Has the group among those that can be served if it can be, with the priority of its first message. */
  #refresh(group: Group): void {
    const rank = group.inWork < this.#maxLeased ? group.ready.peek() : undefined;
    if (rank === undefined) {
      group.entry = undefined;
      return;
    }
    const priority = this.#order.priorityOf(rank);
    if (group.entry?.priority === priority && group.entry.turn === group.turn) return;
    group.entry = { group, priority, turn: group.turn };
    this.#servable.push(group.entry);
    if (this.#servable.size > 2 * this.#groups.size + 1_000) this.#sweep();
  }

  /** Drops what is not valid any more. */
  #sweep(): void {
    this.#servable = new Heap(isBefore);
    for (const { entry } of this.#groups.values()) if (entry !== undefined) this.#servable.push(entry);
  }
}

function isInWork(state: State, deliveries: number): boolean {
  return state === LEASED || (state === DELAYED && deliveries > 0);
}
