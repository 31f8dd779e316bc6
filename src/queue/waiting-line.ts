import { Heap } from "./heap.ts";

export interface Waiter<Request> {
  readonly request: Request;
  deadline: number;
  isServed: boolean;
}

/** Those who wait for one thing, in order of arrival, each until a deadline. */
export class WaitingLine<Request> {
  #line: Waiter<Request>[] = [];
  /** Where the line begins: taking the first costs no move of the others. */
  #head = 0;
  /** An entry whose deadline is no longer its waiter's is passed over: a later entry holds for that one. */
  readonly #deadlines = new Heap<{ deadline: number; waiter: Waiter<Request> }>((a, b) => a.deadline < b.deadline);

  /** The first who waits. */
  first(): Waiter<Request> | undefined {
    while (this.#line[this.#head]?.isServed) this.#head += 1;
    if (this.#head > 1_000 && this.#head * 2 > this.#line.length) {
      this.#line = this.#line.slice(this.#head);
      this.#head = 0;
    }
    return this.#line[this.#head];
  }

  get isEmpty(): boolean {
    return this.first() === undefined;
  }

  add(request: Request, deadline: number): Waiter<Request> {
    const waiter = { request, deadline, isServed: false };
    this.#line.push(waiter);
    this.#deadlines.push({ deadline, waiter });
    return waiter;
  }

  /** Lets somebody who waits do so until another deadline, at the same place in the line. */
  setDeadline(waiter: Waiter<Request>, deadline: number): void {
    waiter.deadline = deadline;
    this.#deadlines.push({ deadline, waiter });
  }

  /** Takes the first out of the line. */
  serve(): Request | undefined {
    const waiter = this.first();
    if (waiter !== undefined) waiter.isServed = true;
    return waiter?.request;
  }

  /** Takes everybody out of the line whose deadline has come. */
  expire(now: number): Request[] {
    const expired: Request[] = [];
    for (let next = this.#nextToExpire(); next !== undefined && next.deadline <= now; next = this.#nextToExpire()) {
      next.isServed = true;
      expired.push(next.request);
    }
    return expired;
  }

  get nextDeadline(): number {
    return this.#nextToExpire()?.deadline ?? Number.POSITIVE_INFINITY;
  }

  #nextToExpire(): Waiter<Request> | undefined {
    for (let next = this.#deadlines.peek(); next !== undefined; next = this.#deadlines.peek()) {
      if (!next.waiter.isServed && next.deadline === next.waiter.deadline) return next.waiter;
      this.#deadlines.pop();
    }
    return undefined;
  }
}
