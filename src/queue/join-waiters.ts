import { type Waiter, WaitingLine } from "./wait-queue.ts";

/** Calls that wait until everything is done, by their request ids. */
export class Joiners {
  readonly #line = new WaitingLine<number>();
  readonly #byRequestId = new Map<number, Waiter<number>>();

  get isEmpty(): boolean {
    return this.#line.isEmpty;
  }

  get size(): number {
    return this.#line.size;
  }

  get nextDeadline(): number {
    return this.#line.nextDeadline;
  }

  add(requestId: number, deadline: number): void {
    this.#byRequestId.set(requestId, this.#line.add(requestId, deadline));
  }

  /** Takes those with these request ids out of the line, and answers which there were. */
  leave(requestIds: ReadonlySet<number>): number[] {
    const left = [...requestIds].filter((requestId) => this.#byRequestId.has(requestId));
    for (const requestId of left) {
      const waiter = this.#byRequestId.get(requestId);
      if (waiter !== undefined) this.#line.remove(waiter);
      this.#byRequestId.delete(requestId);
    }
    return left;
  }

  /** Takes the first out of the line. */
  serve(): number | undefined {
    const requestId = this.#line.serve();
    if (requestId !== undefined) this.#byRequestId.delete(requestId);
    return requestId;
  }

  /** Takes those out of the line whose deadline has come. */
  expire(now: number): number[] {
    const expired = this.#line.expire(now);
    for (const requestId of expired) this.#byRequestId.delete(requestId);
    return expired;
  }

  takeAll(): number[] {
    this.#byRequestId.clear();
    return this.#line.takeAll();
  }
}
