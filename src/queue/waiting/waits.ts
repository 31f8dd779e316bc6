import { TimerHeap } from "../base/timer-heap.ts";

/** Waits in one queue: served subscriptions, receives, blocked puts, joins, redrives and results. Further ones are refused. */
export const WAITS_MAX = 100_000;

/** Waits that are over and may still be in a wait queue, beyond as many as are not. */
const GONE_MAX = 1_000;

export type WaitKind = "receive" | "subscription" | "put" | "join" | "redrive" | "result";

/** Something that waits in a queue. */
export interface Wait {
  readonly kind: WaitKind;
  /** The commands that wait: one, or all tries of one put. A subscription has none: it is known by its subscriber. */
  requestIds: number[];
  /** The id of the job that is waited for, if it is one. */
  readonly subject?: string;
}

/** The place of a wait in a wait queue. */
export interface Place<Item extends Wait = Wait> {
  /** Undefined once the wait is over, so that the place keeps nothing else in memory. */
  wait: Item | undefined;
  readonly queue: { remove(place: Place<Item>): Item | undefined };
}

/** A wait that has ended, by which its commands are answered. */
export type EndedWait = Readonly<Pick<Wait, "kind" | "requestIds" | "subject">>;

/** Everything that waits in one queue, by request id and deadline. Wait queues hold the order of what waits for one thing. */
export class Waits {
  readonly #byRequestId = new Map<number, Place>();
  readonly #deadlines = new TimerHeap<Place>();
  #size = 0;

  /** Whether further waits must be refused. */
  get isFull(): boolean {
    return this.#size >= WAITS_MAX;
  }

  /** When the first wait ends by its deadline, in milliseconds; Infinity if no wait has a deadline. */
  get nextDeadline(): number {
    return this.#deadlines.nextAt;
  }

  /** For wait queues: notes a wait that begins. */
  began(place: Place, deadline: number): void {
    this.#size += 1;
    for (const requestId of place.wait?.requestIds ?? []) this.#byRequestId.set(requestId, place);
    this.#deadlines.replan(place, deadline);
  }

  /** For wait queues: notes a wait that is over. */
  ended(place: Place, { requestIds }: Wait): void {
    this.#size -= 1;
    for (const requestId of requestIds) this.#byRequestId.delete(requestId);
    this.#deadlines.drop(place);
  }

  /** Lets a wait last until another deadline, in its place in the wait queue. */
  setDeadline(place: Place, deadline: number): void {
    if (place.wait !== undefined) this.#deadlines.replan(place, deadline);
  }

  /** Adds a try to a put that waits. */
  addTry(place: Place, requestId: number): void {
    const { wait } = place;
    if (wait === undefined) return;
    wait.requestIds.push(requestId);
    this.#byRequestId.set(requestId, place);
  }

  /** Ends the waits whose deadline has come, the earliest first. */
  expire(now: number): EndedWait[] {
    const expired: EndedWait[] = [];
    for (let place = this.#deadlines.take(now); place !== undefined; place = this.#deadlines.take(now)) {
      const wait = place.queue.remove(place);
      if (wait !== undefined) expired.push(wait);
    }
    return expired;
  }

  /**
   * Ends the waits of these commands, and answers which did wait. A put goes on waiting for its other tries.
   *
   * @param isMeant whether waits of a kind are ended
   */
  end(requestIds: Iterable<number>, isMeant: (kind: WaitKind) => boolean = () => true): EndedWait[] {
    const ended: EndedWait[] = [];
    for (const requestId of requestIds) {
      const place = this.#byRequestId.get(requestId);
      const wait = place?.wait;
      if (place === undefined || wait === undefined || !isMeant(wait.kind)) continue;
      this.#byRequestId.delete(requestId);
      ended.push({ kind: wait.kind, requestIds: [requestId], ...subjectOf(wait) });
      if (wait.requestIds.length === 1) place.queue.remove(place);
      else wait.requestIds.splice(wait.requestIds.indexOf(requestId), 1);
    }
    return ended;
  }
}

function subjectOf({ subject }: Wait): Pick<Wait, "subject"> {
  return subject === undefined ? {} : { subject };
}

/** What waits for one thing, in order of arrival. */
export class WaitQueue<Item extends Wait> {
  readonly #waits: Waits;
  readonly #ended: (wait: Item) => void;
  #places: Place<Item>[] = [];
  /** Where the queue begins: taking the first costs no move of the others. */
  #head = 0;
  #size = 0;

  /** @param ended is called with each wait that is over, for whatever reason */
  constructor(waits: Waits, ended: (wait: Item) => void = () => undefined) {
    this.#waits = waits;
    this.#ended = ended;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get size(): number {
    return this.#size;
  }

  /** The wait that began first. */
  first(): Item | undefined {
    return this.#first()?.wait;
  }

  #first(): Place<Item> | undefined {
    while (this.#head < this.#places.length && this.#places[this.#head]?.wait === undefined) this.#head += 1;
    return this.#places[this.#head];
  }

  /** @param deadline in milliseconds; Infinity for a wait that lasts until it is served or ended */
  add(wait: Item, deadline = Number.POSITIVE_INFINITY): Place<Item> {
    const place: Place<Item> = { wait, queue: this };
    this.#places.push(place);
    this.#size += 1;
    this.#waits.began(place, deadline);
    return place;
  }

  /** Takes out the wait that began first. */
  shift(): Item | undefined {
    const place = this.#first();
    return place && this.remove(place);
  }

  /** Takes out all waits for which this is true, in order. */
  takeWhere(isMeant: (wait: Item) => boolean): Item[] {
    return this.#places.flatMap((place) => {
      const isTaken = place.wait !== undefined && isMeant(place.wait);
      return (isTaken ? this.remove(place) : undefined) ?? [];
    });
  }

  /** Takes out all waits, also those without a deadline. */
  takeAll(): Item[] {
    return this.takeWhere(() => true);
  }

  /** Takes out one wait, wherever it stands, without a look at the others. Undefined if it was over. */
  remove(place: Place<Item>): Item | undefined {
    const { wait } = place;
    if (wait === undefined) return undefined;
    place.wait = undefined;
    this.#size -= 1;
    this.#waits.ended(place, wait);
    this.#ended(wait);
    if (this.#places.length > 2 * this.#size + GONE_MAX) this.#compact();
    return wait;
  }

  /** Lets go of places whose waits are over, which the head passes only when those before them are served. */
  #compact(): void {
    this.#places = this.#places.filter(({ wait }) => wait !== undefined);
    this.#head = 0;
  }
}
