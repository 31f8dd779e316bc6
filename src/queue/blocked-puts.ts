import { utf8Bytes } from "./base/bytes.ts";
import type { PutCommand } from "./base/commands.ts";
import type { LookedPut } from "./put-lookups.ts";
import { type Place, WaitQueue, type Waits } from "./waiting/waits.ts";

/** A put that waits for room. */
export interface BlockedPut extends LookedPut {
  kind: "put";
  /** Those of all its tries. */
  requestIds: number[];
}

/** The content of all puts that wait: more than the largest put has. One alone may always wait. */
const BLOCKED_BYTES_MAX = 12 * 1024 * 1024;

/** About what a message takes beside its content. */
const MESSAGE_BYTES = 200;

/**
 * Puts that wait for room, in order of arrival.
 *
 * A put that is tried again while its first try still waits takes that one's place, and all its tries get one answer. If
 * each waited for itself, the second could be refused as full and the first, of which the caller hears no more, stored
 * after that: the caller would take for not stored what is stored.
 */
export class BlockedPuts {
  readonly #waits: Waits;
  readonly #waiting: WaitQueue<BlockedPut>;
  readonly #byKey = new Map<string, Place<BlockedPut>>();
  /** What the puts that wait take of memory. */
  #bytes = 0;

  constructor(waits: Waits) {
    this.#waits = waits;
    this.#waiting = new WaitQueue(waits, ({ command }) => {
      if (command.idempotencyKey !== undefined) this.#byKey.delete(command.idempotencyKey);
      this.#bytes -= sizeOf(command);
    });
  }

  /** Whether the memory for puts that wait has room for one more. */
  hasRoomFor(command: PutCommand): boolean {
    return this.isEmpty || this.#bytes + sizeOf(command) <= BLOCKED_BYTES_MAX;
  }

  get isEmpty(): boolean {
    return this.#waiting.isEmpty;
  }

  first(): BlockedPut | undefined {
    return this.#waiting.first();
  }

  /** The put that waits under this key. */
  find(key: string | undefined): BlockedPut | undefined {
    return key === undefined ? undefined : this.#byKey.get(key)?.wait;
  }

  /** Lets a put wait until the deadline: at the end of the wait queue, or where an earlier try of it waits. */
  add(requestId: number, put: LookedPut, deadline: number): void {
    const { idempotencyKey: key } = put.command;
    const earlier = key === undefined ? undefined : this.#byKey.get(key);
    if (earlier !== undefined) {
      this.#waits.addTry(earlier, requestId);
      this.#waits.setDeadline(earlier, deadline);
      return;
    }
    const place = this.#waiting.add({ kind: "put", requestIds: [requestId], ...put }, deadline);
    if (key !== undefined) this.#byKey.set(key, place);
    this.#bytes += sizeOf(put.command);
  }

  /** Takes out the first. */
  shift(): void {
    this.#waiting.shift();
  }

  /** Takes out those that put more than so many messages at once. */
  takeLargerThan(messages: number): BlockedPut[] {
    return this.#waiting.takeWhere(({ command }) => command.messages.length > messages);
  }

  takeAll(): BlockedPut[] {
    return this.#waiting.takeAll();
  }
}

function sizeOf({ messages }: PutCommand): number {
  return messages.reduce(
    (bytes, { content, headers = "" }) => bytes + MESSAGE_BYTES + utf8Bytes(content) + utf8Bytes(headers),
    0,
  );
}
