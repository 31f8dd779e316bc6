import { utf8Bytes } from "./base/bytes.ts";
import type { PutCommand } from "./base/commands.ts";
import type { LookedPut } from "./puts.ts";
import { type Waiter, WaitQueue } from "./wait-queue.ts";

/** A put that waits for room, with the request ids of all its tries. */
export interface WaitingPut extends LookedPut {
  requestIds: number[];
}

/** The content of all puts that wait: more than the largest put has. One alone may always wait. */
const WAITING_BYTES_MAX = 12 * 1024 * 1024;

/** About what a message takes beside its content. */
const MESSAGE_BYTES = 200;

/**
 * Puts that wait for room, in order of arrival.
 *
 * A put that is tried again while its first try still waits takes that one's place, and all its tries get one answer.
 * If each waited for itself, the second could be refused as full and the first, of which nobody hears any more, made
 * after that: the caller would take for not stored what is stored.
 */
export class BlockedPuts {
  readonly #waiting = new WaitQueue<WaitingPut>();
  readonly #byKey = new Map<string, Waiter<WaitingPut>>();
  readonly #byRequestId = new Map<number, Waiter<WaitingPut>>();
  /** What the puts that wait take of memory. */
  #bytes = 0;

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether the memory for puts that wait has room for one more. */
  hasRoomFor(command: PutCommand): boolean {
    return this.isEmpty || this.#bytes + sizeOf(command) <= WAITING_BYTES_MAX;
  }

  get isEmpty(): boolean {
    return this.#waiting.isEmpty;
  }

  get nextDeadline(): number {
    return this.#waiting.nextDeadline;
  }

  first(): WaitingPut | undefined {
    return this.#waiting.first()?.request;
  }

  /** The put that waits under this key. */
  find(key: string | undefined): WaitingPut | undefined {
    return key === undefined ? undefined : this.#byKey.get(key)?.request;
  }

  /** Lets a put wait until the deadline: at the end of the wait queue, or where an earlier try of it waits. */
  add(waitingPut: WaitingPut, deadline: number): void {
    const { command, requestIds } = waitingPut;
    const { idempotencyKey: key } = command;
    const earlier = key === undefined ? undefined : this.#byKey.get(key);
    const waiter = earlier ?? this.#waiting.add(waitingPut, deadline);
    for (const requestId of requestIds) this.#byRequestId.set(requestId, waiter);
    if (earlier !== undefined) {
      earlier.request?.requestIds.push(...requestIds);
      this.#waiting.setDeadline(earlier, deadline);
    } else {
      if (key !== undefined) this.#byKey.set(key, waiter);
      this.#bytes += sizeOf(command);
    }
  }

  /** Takes tries out of the wait queue, and answers which there were: a put without any is not waited for any more. */
  leave(requestIds: ReadonlySet<number>): number[] {
    const left: number[] = [];
    for (const requestId of requestIds) {
      const waiter = this.#byRequestId.get(requestId);
      const waitingPut = waiter?.request;
      if (waiter === undefined || waitingPut === undefined) continue;
      left.push(requestId);
      this.#byRequestId.delete(requestId);
      waitingPut.requestIds = waitingPut.requestIds.filter((other) => other !== requestId);
      if (waitingPut.requestIds.length > 0) continue;
      this.#waiting.remove(waiter);
      this.#forget(waitingPut);
    }
    return left;
  }

  /** Takes the first out of the wait queue. */
  shift(): void {
    const first = this.#waiting.shift();
    if (first !== undefined) this.#forget(first);
  }

  /** Takes those out of the wait queue who put more than so many at once. */
  takeLargerThan(messages: number): WaitingPut[] {
    const larger = this.#waiting.takeWhere(({ command }) => command.messages.length > messages);
    for (const waitingPut of larger) this.#forget(waitingPut);
    return larger;
  }

  /** Takes everybody out of the wait queue. */
  takeAll(): WaitingPut[] {
    const all = this.#waiting.takeAll();
    for (const waitingPut of all) this.#forget(waitingPut);
    return all;
  }

  /** Takes everybody out of the wait queue whose deadline has come. */
  expire(now: number): WaitingPut[] {
    const expired = this.#waiting.expire(now);
    for (const waitingPut of expired) this.#forget(waitingPut);
    return expired;
  }

  #forget({ command, requestIds }: WaitingPut): void {
    if (command.idempotencyKey !== undefined) this.#byKey.delete(command.idempotencyKey);
    for (const requestId of requestIds) this.#byRequestId.delete(requestId);
    this.#bytes -= sizeOf(command);
  }
}

function sizeOf({ messages }: PutCommand): number {
  return messages.reduce((bytes, { content }) => bytes + MESSAGE_BYTES + utf8Bytes(content), 0);
}
