import { DamagedRow } from "../base/damage.ts";
import {
  DELAYED,
  GONE,
  isState,
  LEASED,
  NAME_OF,
  NONE,
  type State,
  type StateCounts,
  type Transition,
  VISIBLE,
} from "./states.ts";

/** When the first and the last delay or lease of a segment ends. */
interface Dues {
  nextDueAt: number;
  lastDueAt: number;
}

/** The dues of a segment without delays and leases. */
export const NO_DUES: Readonly<Dues> = { nextDueAt: Number.POSITIVE_INFINITY, lastDueAt: 0 };

/** A double, a 32-bit count, a byte. */
const BYTES_PER_MESSAGE = 13;

/** In the count of deliveries: that no handler has begun with the lease that lasts. Never set where there is no lease. */
const UNBEGUN_BIT = 2 ** 31;
const COUNT_BITS = UNBEGUN_BIT - 1;

/** The state of each message of a segment, until when it lasts, and how often the message was delivered. */
export class States {
  visibleAt: Float64Array;
  /** How often each was delivered, and in the highest bit whether no handler has begun with the newest delivery. */
  #deliveries: Uint32Array;
  state: Uint8Array;
  /** How many messages there are. */
  count: number;

  /** All of them visible and never delivered. */
  constructor(count: number) {
    this.count = count;
    this.visibleAt = new Float64Array(count);
    this.#deliveries = new Uint32Array(count);
    this.state = new Uint8Array(count);
  }

  /**
   * Reads a stored state.
   *
   * @param slot the row that it is from
   * @param count the messages that it must be about
   * @throws {DamagedRow} if it is about another number of messages, or has a state or a time that is none
   */
  static decode(slot: number, bytes: Uint8Array, count: number): States {
    if (bytes.length !== count * BYTES_PER_MESSAGE) {
      const expected = `${count} messages have ${count * BYTES_PER_MESSAGE}`;
      throw new DamagedRow(slot, `its state has ${bytes.length} bytes, but that of ${expected}`);
    }
    const states = new States(0);
    states.count = count;
    // Sliced, because typed arrays of numbers must begin at a multiple of their size.
    states.visibleAt = new Float64Array(bytes.slice(0, count * 8).buffer);
    states.#deliveries = new Uint32Array(bytes.slice(count * 8, count * 12).buffer);
    states.state = bytes.slice(count * 12);
    for (const state of states.state) {
      if (!isState(state)) throw new DamagedRow(slot, `it has the state ${state}`);
    }
    for (const time of states.visibleAt) {
      if (!Number.isFinite(time)) throw new DamagedRow(slot, `it has the time ${time}`);
    }
    return states;
  }

  /** All times, all counts of deliveries, all states. */
  encode(): Uint8Array {
    const { count } = this;
    const bytes = new Uint8Array(count * BYTES_PER_MESSAGE);
    bytes.set(new Uint8Array(this.visibleAt.buffer, 0, count * 8), 0);
    bytes.set(new Uint8Array(this.#deliveries.buffer, 0, count * 4), count * 8);
    bytes.set(this.state.subarray(0, count), count * 12);
    return bytes;
  }

  append(state: State, visibleAt: number, deliveries = 0): void {
    if (this.count === this.state.length) this.#grow();
    this.state[this.count] = state;
    this.visibleAt[this.count] = visibleAt;
    this.#deliveries[this.count] = deliveries;
    this.count += 1;
  }

  /** How often a message was delivered: the number of its newest receipt. */
  deliveriesOf(index: number): number {
    return (this.#deliveries[index] ?? 0) & COUNT_BITS;
  }

  /** Whether a message is leased and no handler has begun with it. */
  isUnbegun(index: number): boolean {
    return this.state[index] === LEASED && (this.#deliveries[index] ?? 0) >= UNBEGUN_BIT;
  }

  /** Counts a delivery and answers with its number. */
  deliver(index: number, isBegun: boolean): number {
    const delivery = this.deliveriesOf(index) + 1;
    this.#deliveries[index] = isBegun ? delivery : delivery + UNBEGUN_BIT;
    return delivery;
  }

  /** Notes that a handler has begun with a message, or that its lease is over. */
  begin(index: number): void {
    this.#deliveries[index] = this.deliveriesOf(index);
  }

  /**
   * Makes visible what is due at `now`.
   *
   * @param transitionOf the transition of a message whose lease is over; by default it is visible
   * @param changed is called for each message with another state
   */
  promote(
    now: number,
    transitionOf?: (index: number, leaseEndedAt: number) => Transition,
    changed?: (index: number, before: State, after: State) => void,
  ): void {
    for (const [index, dueAt] of this.#waiting()) {
      if (dueAt > now) continue;
      const before = this.state[index] as State;
      const isLeaseOver = before === LEASED && transitionOf !== undefined;
      const { state, visibleAt }: Transition = isLeaseOver
        ? transitionOf(index, dueAt)
        : { state: VISIBLE, visibleAt: dueAt };
      this.state[index] = state;
      this.visibleAt[index] = visibleAt;
      this.begin(index);
      changed?.(index, before, state);
    }
  }

  dues(): Dues {
    const dues = { ...NO_DUES };
    for (const [, dueAt] of this.#waiting()) {
      dues.nextDueAt = Math.min(dues.nextDueAt, dueAt);
      dues.lastDueAt = Math.max(dues.lastDueAt, dueAt);
    }
    return dues;
  }

  counts(): StateCounts {
    const counts = { ...NONE };
    for (let index = 0; index < this.count; index += 1) {
      const state = this.state[index] as State;
      if (state !== GONE) counts[NAME_OF[state]] += 1;
    }
    return counts;
  }

  *#waiting(): Generator<[index: number, dueAt: number]> {
    for (let index = 0; index < this.count; index += 1) {
      const state = this.state[index];
      if (state === DELAYED || state === LEASED) yield [index, this.visibleAt[index] as number];
    }
  }

  #grow(): void {
    const grown = new States(Math.max(8, 2 * this.count));
    grown.visibleAt.set(this.visibleAt);
    grown.#deliveries.set(this.#deliveries);
    grown.state.set(this.state);
    this.visibleAt = grown.visibleAt;
    this.#deliveries = grown.#deliveries;
    this.state = grown.state;
  }
}
