import type { ReplyOf } from "../../../src/api/types.ts";
import { RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import { chunksOf } from "../base/chunks.ts";
import { type Instant, instant } from "../base/instant.ts";
import { afterReading } from "../base/platform.ts";
import type { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";

/** A lease is extended when less than this part of it is left. */
const EXTENDED_BELOW = 2 / 3;

/** A handler begins with at least this part of a lease, so that it may block the event loop for nearly as long. */
const BEGUN_ABOVE = 0.95;

/**
 * The same for a lease that was just extended: what is missing was the round trip, and extending again would not help. Where
 * the round trip took more, it begins with what it has: or it would be extended for ever, and never begin.
 */
const FRESH_ABOVE = 0.5;

/** Messages that are worked on beside it have as much if handlers may block the event loop, and else at least this. */
const BESIDE_ABOVE = 0.85;

/** For this long after its end, in milliseconds, a lease may have been extended by an answer that has not come. */
const UNANSWERED_MS = 2_000;

/** The messages that a worker has leased: those that wait and those that are worked on. */
export class LeasedMessages {
  /** The messages whose handlers run. */
  readonly running = new Set<Message<unknown>>();
  /** How long leases last, in milliseconds. */
  leaseMs: number;
  readonly #calls: QueueCalls;
  readonly #changed: () => void;
  /** Messages that wait, in the order in which they came. */
  #waiting: Message<unknown>[] = [];
  /** What was left of leases, in milliseconds, when they were last extended. */
  readonly #leftWhenExtended = new WeakMap<Message<unknown>, number>();
  /** Messages that wait although `begin` was sent for them. */
  readonly #announced = new WeakSet<Message<unknown>>();
  #extensions = 0;

  /** @param changed called when messages that waited can begin, or are gone */
  constructor(calls: QueueCalls, leaseMs: number, changed: () => void) {
    this.#calls = calls;
    this.leaseMs = leaseMs;
    this.#changed = changed;
  }

  /** How many messages wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get size(): number {
    return this.#waiting.length + this.running.size;
  }

  add(message: Message<unknown>): void {
    this.#waiting.push(message);
  }

  /** Takes out all messages that wait. */
  takeWaiting(): Message<unknown>[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /** Takes out the last messages that wait, at most `max`. */
  takeLast(max: number): Message<unknown>[] {
    return this.#waiting.splice(Math.max(0, this.#waiting.length - max));
  }

  /**
   * Takes out the next messages to begin, at most `max`, each with enough of its lease left. A message that was begun
   * before comes alone, because its handler may have ended the worker that had it.
   */
  takeNext(max: number): Message<unknown>[] {
    const next: Message<unknown>[] = [];
    while (next.length < max) {
      const message = this.#waiting[0];
      if (message === undefined || (message.attempt > 1 && next.length > 0)) break;
      const { leftMs, lengthMs, isExtending } = message.lease;
      if (isExtending) break;
      if (leftMs > 0 && leftMs < this.#enoughMs(message, lengthMs)) {
        this.#extend(this.#waiting.slice(0, max));
        break;
      }
      this.#waiting.shift();
      // A message whose lease has ended is another consumer's by now, and was never begun here.
      if (leftMs <= 0) continue;
      next.push(message);
      if (message.attempt > 1) break;
    }
    return next;
  }

  /** Puts messages back in front of all others that were taken out and did not begin. */
  putBack(messages: readonly Message<unknown>[]): void {
    for (const message of messages) this.#announced.add(message);
    this.#waiting = [...messages, ...this.#waiting];
  }

  /** Whether a request to extend leases is not answered yet. */
  get isExtending(): boolean {
    return this.#extensions > 0;
  }

  /**
   * Extends all leases of which a part has passed, and drops messages whose leases have ended. Called at an interval.
   */
  check(): void {
    this.#extend(this.#below(EXTENDED_BELOW, [...this.running, ...this.#waiting]));
    // An answer that extends them may have arrived and not been read.
    afterReading(() => this.#letGo());
  }

  #letGo(): void {
    this.#waiting = this.#waiting.filter(({ lease }) => lease.leftMs > 0 || lease.isExtending);
    for (const message of this.running) {
      const { leftMs, isExtending } = message.lease;
      if (leftMs <= (isExtending ? -UNANSWERED_MS : 0)) message.lose();
    }
  }

  /**
   * Extends the leases of messages that are worked on, before another handler begins.
   *
   * @param mayBlock whether that handler may block the event loop
   */
  prepare(mayBlock: boolean): void {
    if (this.running.size === 0) return;
    this.#extend(this.#below(mayBlock ? BEGUN_ABOVE : BESIDE_ABOVE, [...this.running]));
  }

  /**
   * Leases that ended before their time. A `begin` that arrived at the server since gives a message its lease again:
   * for messages that were announced or run, an extension asks the server.
   */
  lose(receipts: readonly string[]): void {
    const lost = new Set(receipts);
    const announced = this.#waiting.filter((message) => lost.has(message.receipt) && this.#announced.has(message));
    const running = [...this.running].filter(({ receipt, isSettled }) => lost.has(receipt) && !isSettled);
    this.#waiting = this.#waiting.filter((message) => !lost.has(message.receipt) || this.#announced.has(message));
    this.#extend([...announced, ...running]);
  }

  /** With how much of its lease a message may begin, in milliseconds. */
  #enoughMs(message: Message<unknown>, lengthMs: number): number {
    const extendedMs = this.#leftWhenExtended.get(message);
    return extendedMs === undefined
      ? lengthMs * BEGUN_ABOVE
      : Math.min(lengthMs * FRESH_ABOVE, extendedMs * BEGUN_ABOVE);
  }

  #below(part: number, messages: Message<unknown>[]): Message<unknown>[] {
    return messages.filter(({ isSettled, isLost, lease }) => {
      return !isSettled && !isLost && lease.leftMs < part * this.leaseMs;
    });
  }

  #extend(messages: readonly Message<unknown>[]): void {
    const due = messages.filter(({ lease }) => !lease.isExtending);
    for (const some of chunksOf(due, RECEIPTS_MAX)) void this.#extendSome(some);
  }

  async #extendSome(messages: Message<unknown>[]): Promise<void> {
    this.#extensions += 1;
    for (const { lease } of messages) lease.isExtending = true;
    const sentAt = instant();
    const request = { receipts: messages.map(({ receipt }) => receipt), leaseSeconds: this.leaseMs / 1_000 };
    let isAnswered = false;
    try {
      const { value } = await this.#calls.send<ReplyOf<"extend">>("extend", { request, retrySeconds: 0 });
      this.#extended(messages, value, sentAt);
      isAnswered = true;
    } catch {
      // Without an answer the leases end when they end. Those that have not ended are tried again.
    }
    this.#extensions -= 1;
    for (const { lease } of messages) lease.isExtending = false;
    // Else at the next check: where the server is away or overloaded, each try would end at once, and begin another.
    if (isAnswered) this.#changed();
  }

  #extended(messages: Message<unknown>[], extension: ReplyOf<"extend">, sentAt: Instant): void {
    const lost = new Set(extension.stale);
    const cancelled = new Set(extension.cancelled);
    for (const message of messages) {
      if (lost.has(message.receipt)) {
        message.lose(cancelled.has(message.receipt));
        continue;
      }
      message.extended(extension, sentAt);
      this.#leftWhenExtended.set(message, message.lease.leftMs);
    }
    this.#waiting = this.#waiting.filter(({ receipt }) => !lost.has(receipt));
  }
}
