import { type Waiter, WaitQueue } from "./wait-queue.ts";

/** Calls that wait until everything is done, by their request ids. */
export class JoinWaiters {
  readonly #waiting = new WaitQueue<number>();
  readonly #byRequestId = new Map<number, Waiter<number>>();

  get isEmpty(): boolean {
    return this.#waiting.isEmpty;
  }

  get size(): number {
    return this.#waiting.size;
  }

  get nextDeadline(): number {
    return this.#waiting.nextDeadline;
  }

  add(requestId: number, deadline: number): void {
    this.#byRequestId.set(requestId, this.#waiting.add(requestId, deadline));
  }

  /** Takes those with these request ids out of the wait queue, and answers which there were. */
  leave(requestIds: ReadonlySet<number>): number[] {
    const left = [...requestIds].filter((requestId) => this.#byRequestId.has(requestId));
    for (const requestId of left) {
      const waiter = this.#byRequestId.get(requestId);
      if (waiter !== undefined) this.#waiting.remove(waiter);
      this.#byRequestId.delete(requestId);
    }
    return left;
  }

  /** Takes the first out of the wait queue. */
  shift(): number | undefined {
    const requestId = this.#waiting.shift();
    if (requestId !== undefined) this.#byRequestId.delete(requestId);
    return requestId;
  }

  /** Takes those out of the wait queue whose deadline has come. */
  expire(now: number): number[] {
    const expired = this.#waiting.expire(now);
    for (const requestId of expired) this.#byRequestId.delete(requestId);
    return expired;
  }

  takeAll(): number[] {
    this.#byRequestId.clear();
    return this.#waiting.takeAll();
  }
}
