import type { PutCommand } from "./commands.ts";
import { type Waiter, WaitingLine } from "./waiting-line.ts";

/** A put that waits for room, with the tickets of all its tries. */
export interface WaitingPut {
  command: PutCommand;
  tickets: number[];
}

/**
 * Puts that wait for room, in order of arrival.
 *
 * A put that is tried again while its first try still waits takes that one's place, and all its tries get one answer.
 * If each waited for itself, the second could be refused as full and the first, of which nobody hears any more, made
 * after that: the caller would take for not stored what is stored.
 */
export class Putters {
  readonly #line = new WaitingLine<WaitingPut>();
  readonly #byKey = new Map<string, Waiter<WaitingPut>>();

  get isEmpty(): boolean {
    return this.#line.isEmpty;
  }

  get nextDeadline(): number {
    return this.#line.nextDeadline;
  }

  first(): WaitingPut | undefined {
    return this.#line.first()?.request;
  }

  /** The put that waits under this key. */
  find(key: string | undefined): WaitingPut | undefined {
    return key === undefined ? undefined : this.#byKey.get(key)?.request;
  }

  /** Lets a put wait until the deadline: at the end of the line, or where an earlier try of it waits. */
  add(ticket: number, command: PutCommand, deadline: number): void {
    const { idempotencyKey: key } = command;
    const earlier = key === undefined ? undefined : this.#byKey.get(key);
    if (earlier !== undefined) {
      earlier.request?.tickets.push(ticket);
      this.#line.setDeadline(earlier, deadline);
    } else {
      const waiter = this.#line.add({ command, tickets: [ticket] }, deadline);
      if (key !== undefined) this.#byKey.set(key, waiter);
    }
  }

  /** Takes tries out of the line, and answers which there were: a put without any is not waited for any more. */
  leave(tickets: ReadonlySet<number>): number[] {
    const left: number[] = [];
    const abandoned = this.#line.takeWhere((waitingPut) => {
      left.push(...waitingPut.tickets.filter((ticket) => tickets.has(ticket)));
      waitingPut.tickets = waitingPut.tickets.filter((ticket) => !tickets.has(ticket));
      return waitingPut.tickets.length === 0;
    });
    for (const waitingPut of abandoned) this.#forget(waitingPut);
    return left;
  }

  /** Takes the first out of the line. */
  serve(): void {
    const first = this.#line.serve();
    if (first !== undefined) this.#forget(first);
  }

  /** Takes those out of the line who put more than so many at once. */
  takeLargerThan(messages: number): WaitingPut[] {
    const larger = this.#line.takeWhere(({ command }) => command.messages.length > messages);
    for (const waitingPut of larger) this.#forget(waitingPut);
    return larger;
  }

  /** Takes everybody out of the line. */
  takeAll(): WaitingPut[] {
    this.#byKey.clear();
    return this.#line.takeAll();
  }

  /** Takes everybody out of the line whose deadline has come. */
  expire(now: number): WaitingPut[] {
    const expired = this.#line.expire(now);
    for (const waitingPut of expired) this.#forget(waitingPut);
    return expired;
  }

  #forget({ command }: WaitingPut): void {
    if (command.idempotencyKey !== undefined) this.#byKey.delete(command.idempotencyKey);
  }
}
