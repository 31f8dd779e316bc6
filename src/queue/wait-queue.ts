import { Heap } from "./base/heap.ts";

export interface Waiter<Request> {
  /** Undefined once served: what is still in the wait queue or among the deadlines then must not keep it in memory. */
  request: Request | undefined;
  deadline: number;
}

/** How many who left the line may stand in it. */
const GONE_MAX = 1_000;

/** Those who wait for one thing, in order of arrival, each until a deadline. */
export class WaitQueue<Request> {
  #waiters: Waiter<Request>[] = [];
  /** Where the queue begins: taking the first costs no move of the others. */
  #head = 0;
  #size = 0;
  /** An entry whose deadline is no longer its waiter's is passed over: a later entry holds for that one. */
  readonly #deadlines = new Heap<{ deadline: number; waiter: Waiter<Request> }>((a, b) => a.deadline < b.deadline);

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
    const waiter = { request, deadline };
    this.#waiters.push(waiter);
    this.#size += 1;
    if (deadline < Number.POSITIVE_INFINITY) this.#deadlines.push({ deadline, waiter });
    return waiter;
  }

  /** Lets somebody who waits do so until another deadline, at the same place in the wait queue. */
  setDeadline(waiter: Waiter<Request>, deadline: number): void {
    waiter.deadline = deadline;
    if (deadline < Number.POSITIVE_INFINITY) this.#deadlines.push({ deadline, waiter });
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
    for (let next = this.#nextToExpire(); next !== undefined && next.deadline <= now; next = this.#nextToExpire()) {
      const request = this.remove(next);
      if (request !== undefined) expired.push(request);
    }
    return expired;
  }

  get nextDeadline(): number {
    return this.#nextToExpire()?.deadline ?? Number.POSITIVE_INFINITY;
  }

  #nextToExpire(): Waiter<Request> | undefined {
    for (let next = this.#deadlines.peek(); next !== undefined; next = this.#deadlines.peek()) {
      if (next.waiter.request !== undefined && next.deadline === next.waiter.deadline) return next.waiter;
      this.#deadlines.pop();
    }
    return undefined;
  }

  /** Takes one out of the wait queue, wherever it stands, without a look at the others. Undefined if it had left. */
  remove(waiter: Waiter<Request>): Request | undefined {
    const { request } = waiter;
    if (request === undefined) return undefined;
    waiter.request = undefined;
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
