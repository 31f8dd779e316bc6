import { Heap } from "./heap.ts";

interface Waiter<Request> {
  ticket: number;
  request: Request;
  deadline: number;
  isServed: boolean;
}

/** Those who wait for one thing, in order of arrival, each until a deadline. */
export class WaitingLine<Request> {
  #line: Waiter<Request>[] = [];
  /** Where the line begins: taking the first costs no move of the others. */
  #head = 0;
  readonly #deadlines = new Heap<Waiter<Request>>((a, b) => a.deadline < b.deadline);

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

  add(ticket: number, request: Request, deadline: number): void {
    const waiter = { ticket, request, deadline, isServed: false };
    this.#line.push(waiter);
    this.#deadlines.push(waiter);
  }

  /** Takes the first out of the line. */
  serve(): Waiter<Request> | undefined {
    const waiter = this.first();
    if (waiter !== undefined) waiter.isServed = true;
    return waiter;
  }

  /** Takes everybody out of the line whose deadline has come, and answers with their tickets. */
  expire(now: number): number[] {
    const tickets: number[] = [];
    for (let next = this.#nextToExpire(); next !== undefined && next.deadline <= now; next = this.#nextToExpire()) {
      next.isServed = true;
      tickets.push(next.ticket);
    }
    return tickets;
  }

  get nextDeadline(): number {
    return this.#nextToExpire()?.deadline ?? Number.POSITIVE_INFINITY;
  }

  #nextToExpire(): Waiter<Request> | undefined {
    while (this.#deadlines.peek()?.isServed) this.#deadlines.pop();
    return this.#deadlines.peek();
  }
}
