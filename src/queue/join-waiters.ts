import { type Waiter, WaitingLine } from "./wait-queue.ts";

/** Calls that wait until everything is done, by their tickets. */
export class Joiners {
  readonly #line = new WaitingLine<number>();
  readonly #byTicket = new Map<number, Waiter<number>>();

  get isEmpty(): boolean {
    return this.#line.isEmpty;
  }

  get size(): number {
    return this.#line.size;
  }

  get nextDeadline(): number {
    return this.#line.nextDeadline;
  }

  add(ticket: number, deadline: number): void {
    this.#byTicket.set(ticket, this.#line.add(ticket, deadline));
  }

  /** Takes those with these tickets out of the line, and answers which there were. */
  leave(tickets: ReadonlySet<number>): number[] {
    const left = [...tickets].filter((ticket) => this.#byTicket.has(ticket));
    for (const ticket of left) {
      const waiter = this.#byTicket.get(ticket);
      if (waiter !== undefined) this.#line.remove(waiter);
      this.#byTicket.delete(ticket);
    }
    return left;
  }

  /** Takes the first out of the line. */
  serve(): number | undefined {
    const ticket = this.#line.serve();
    if (ticket !== undefined) this.#byTicket.delete(ticket);
    return ticket;
  }

  /** Takes those out of the line whose deadline has come. */
  expire(now: number): number[] {
    const expired = this.#line.expire(now);
    for (const ticket of expired) this.#byTicket.delete(ticket);
    return expired;
  }

  takeAll(): number[] {
    this.#byTicket.clear();
    return this.#line.takeAll();
  }
}
