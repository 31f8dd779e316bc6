import { DamagedRow } from "../base/damage.ts";
import { Heap } from "../base/heap.ts";
import type { Place } from "../base/receipt.ts";
import type { Segment } from "../store/segment.ts";
import { DELAYED, GONE, LEASED, type State, VISIBLE } from "../store/states.ts";
import type { Order } from "./orders.ts";

/** A group of which the queue holds messages, in whatever state. */
interface Group {
  readonly name: string;
  /** The ranks of its visible messages. */
  readonly ready: Heap<number>;
  present: number;
  /** Messages that are leased, or wait to be tried again. */
  inWork: number;
  /** When a message of it was last handed out. */
  turn: number;
  /** The priority of its first visible message. */
  priority: number;
  /** Its index among the groups that can be served; undefined if it cannot be. */
  servableIndex: number | undefined;
}

/** The messages of a segment, by their index. */
interface Members {
  /** The group of each; undefined for a message that was gone when the segment was restored. */
  readonly groups: (Group | undefined)[];
  /** The index of each visible message among the ready ones of its group. */
  readonly readyIndexes: number[];
}

function isBefore(a: Group, b: Group): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.turn < b.turn);
}

function isLower(a: number, b: number): boolean {
  return a < b;
}

/**
 * Groups take turns: of those that can be served, the group goes first that was served longest ago. A group can be served
 * while fewer of its messages than the limit are in work. A message that waits to be tried again counts among them, so
 * that with a limit of one it comes before those that were put after it, and the group keeps its order.
 *
 * Which message is in which group, and which of them are visible, is kept in memory: some 30 bytes per message.
 */
export class Groups {
  readonly #order: Order;
  readonly #groups = new Map<string, Group>();
  /** By the number of their segment. */
  readonly #members = new Map<number, Members>();
  readonly #servable = new Heap<Group>(isBefore, (group, index) => {
    group.servableIndex = index;
  });
  #maxLeased: number;
  #turns = 0;
  /** When a message that is in no group was last handed out. */
  #turnOfOthers = 0;

  constructor(order: Order, maxLeased: number) {
    this.#order = order;
    this.#maxLeased = maxLeased;
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
    return this.#groupAt(segment, index)?.name;
  }

  #groupAt(segment: Segment, index: number): Group | undefined {
    return this.#members.get(segment.number)?.groups[index];
  }

  /**
   * Restores a stored segment: the groups of its messages, in order.
   *
   * @throws {DamagedRow} if there are more or fewer groups than messages
   */
  restore(segment: Segment, names: readonly string[]): void {
    if (names.length !== segment.count) {
      throw new DamagedRow(segment.slot, `its ${segment.count} messages have ${names.length} groups`);
    }
    for (const [index, name] of names.entries()) this.add(segment, index, name);
  }

  /** A message has another state now. It may be in no group. */
  stateChanged(segment: Segment, index: number, before: State, after: State): void {
    const members = this.#members.get(segment.number);
    const group = members?.groups[index];
    if (members === undefined || group === undefined) return;
    const deliveries = segment.deliveriesOf(index);
    group.inWork += Number(isInWork(after, deliveries)) - Number(isInWork(before, deliveries));
    if (before === VISIBLE && after !== VISIBLE) group.ready.removeAt(members.readyIndexes[index] as number);
    if (before !== VISIBLE && after === VISIBLE) group.ready.push(this.#order.rankOf(segment, index));
    if (after === GONE) this.#leave(group);
    this.#refresh(group);
  }

  /** The segment has no messages any more. */
  forget(segment: Segment): void {
    this.#members.delete(segment.number);
  }

  /** A message was handed out. It may be in no group. */
  served(segment: Segment, index: number): void {
    this.#turns += 1;
    const group = this.#groupAt(segment, index);
    if (group === undefined) {
      this.#turnOfOthers = this.#turns;
    } else {
      group.turn = this.#turns;
      this.#refresh(group);
    }
  }

  /** The message of a group that is next, unless it is the turn of a message in no group with this priority. */
  next(priorityOfOthers: number | undefined): Place | undefined {
    const group = this.#servable.peek();
    const rank = group?.ready.peek();
    if (group === undefined || rank === undefined) return undefined;
    const isOthersTurn =
      priorityOfOthers !== undefined &&
      (priorityOfOthers < group.priority || (priorityOfOthers === group.priority && this.#turnOfOthers < group.turn));
    return isOthersTurn ? undefined : this.#order.placeOf(rank);
  }

  /** Adds the next message of a segment. */
  add(segment: Segment, index: number, name: string): void {
    const state = segment.stateOf(index);
    const group = state === GONE ? undefined : this.#groupNamed(name);
    let members = this.#members.get(segment.number);
    if (members === undefined) {
      members = { groups: [], readyIndexes: [] };
      this.#members.set(segment.number, members);
    }
    members.groups.push(group);
    members.readyIndexes.push(0);
    if (group === undefined) return;
    group.present += 1;
    if (state === VISIBLE) group.ready.push(this.#order.rankOf(segment, index));
    if (isInWork(state, segment.deliveriesOf(index))) group.inWork += 1;
    this.#refresh(group);
  }

  /** A new group comes after all others. */
  #groupNamed(name: string): Group {
    const known = this.#groups.get(name);
    if (known !== undefined) return known;
    this.#turns += 1;
    const ready = new Heap(isLower, this.#rankPlaced);
    const group = { name, ready, present: 0, inWork: 0, turn: this.#turns, priority: 0, servableIndex: undefined };
    this.#groups.set(name, group);
    return group;
  }

  readonly #rankPlaced = (rank: number, readyIndex: number): void => {
    const { segmentNumber, index } = this.#order.placeOf(rank);
    const members = this.#members.get(segmentNumber);
    if (members !== undefined) members.readyIndexes[index] = readyIndex;
  };

  /** A group of which nothing is present is not remembered. */
  #leave(group: Group): void {
    group.present -= 1;
    if (group.present === 0) this.#groups.delete(group.name);
  }

  /** Adds the group to those that can be served, moves it among them, or removes it. */
  #refresh(group: Group): void {
    const rank = group.inWork < this.#maxLeased ? group.ready.peek() : undefined;
    const index = group.servableIndex;
    if (rank !== undefined) {
      group.priority = this.#order.priorityOf(rank);
      if (index === undefined) this.#servable.push(group);
      else this.#servable.updateAt(index);
    } else if (index !== undefined) {
      group.servableIndex = undefined;
      this.#servable.removeAt(index);
    }
  }
}

/** Whether a message counts against the limit of its group. */
function isInWork(state: State, deliveries: number): boolean {
  return state === LEASED || (state === DELAYED && deliveries > 0);
}
