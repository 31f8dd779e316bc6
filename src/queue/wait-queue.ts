import { TimerHeap } from "./base/timer-heap.ts";

export interface Waiter<Request> {
  /** Undefined once removed: a waiter that is still in the array then must not keep its request in memory. */
  request: Request | undefined;
}

/** How many who left the line may stand in it. */
const GONE_MAX = 1_000;

/** Those who wait for one thing, in order of arrival, each until a deadline. */
export class WaitQueue<Request> {
  #waiters: Waiter<Request>[] = [];
  /** Where the queue begins: taking the first costs no move of the others. */
  #head = 0;
  #size = 0;
  readonly #deadlines = new TimerHeap<Waiter<Request>>();

  /** The first who waits. */
  first(): Waiter<Request> | undefined {
    while (this.#head < this.#waiters.length && this.#waiters[this.#head]?.request === undefined) this.#head += 1;
    return this.#waiters[this.#head];
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** @param deadline Infinity for whoever waits until he is told to stop */
  add(request: Request, deadline: number): Waiter<Request> {
    const waiter = { request };
    this.#waiters.push(waiter);
    this.#size += 1;
    this.#deadlines.replan(waiter, deadline);
    return waiter;
  }

  /** Lets somebody who waits do so until another deadline, at the same place in the wait queue. */
  setDeadline(waiter: Waiter<Request>, deadline: number): void {
    if (waiter.request !== undefined) this.#deadlines.replan(waiter, deadline);
  }

  /** Takes the first out of the wait queue. */
  shift(): Request | undefined {
    const waiter = this.first();
    return waiter && this.remove(waiter);
  }

  /** Takes everybody out of the wait queue of whom this is true. */
  takeWhere(isMeant: (request: Request) => boolean): Request[] {
    return this.#waiters.flatMap((waiter) => {
      const isTaken = waiter.request !== undefined && isMeant(waiter.request);
      return (isTaken ? this.remove(waiter) : undefined) ?? [];
    });
  }

  /** Takes everybody out of the wait queue, also those without a deadline. */
  takeAll(): Request[] {
    return this.takeWhere(() => true);
  }

  /** Takes everybody out of the wait queue whose deadline has come. */
  expire(now: number): Request[] {
    const expired: Request[] = [];
    for (let waiter = this.#deadlines.take(now); waiter !== undefined; waiter = this.#deadlines.take(now)) {
      const request = this.remove(waiter);
      if (request !== undefined) expired.push(request);
    }
    return expired;
  }

  get nextDeadline(): number {
    return this.#deadlines.nextAt;
  }

  /** Takes one out of the wait queue, wherever it stands, without a look at the others. Undefined if it had left. */
  remove(waiter: Waiter<Request>): Request | undefined {
    const { request } = waiter;
    if (request === undefined) return undefined;
    waiter.request = undefined;
    this.#deadlines.drop(waiter);
    this.#size -= 1;
    if (this.#waiters.length > 2 * this.#size + GONE_MAX) this.#compact();
    return request;
  }

  /** Lets go of those who left, which the head passes only when those before them are served. */
  #compact(): void {
    this.#waiters = this.#waiters.filter(({ request }) => request !== undefined);
    this.#head = 0;
  }
}
