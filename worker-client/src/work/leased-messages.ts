import { RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import type { ExtendReply } from "../../../src/contract/schema.ts";
import { chunksOf } from "../base/chunks.ts";
import { type Instant, instant } from "../base/instant.ts";
import { afterReading } from "../base/platform.ts";
import type { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";

/** A lease is extended when less than this part of it is left. */
const EXTENDED_BELOW = 2 / 3;

/** A handler begins with at least this part of a lease: so it may keep the event loop for nearly as long. */
const BEGUN_ABOVE = 0.95;

/** Where a lease was just extended, what is left of it is what can be had: the way to the server takes the rest. */
const FRESH_ABOVE = 0.5;

/** What is worked on beside it has as much where handlers have kept the event loop, and else at least this. */
const BESIDE_ABOVE = 0.85;

/** For so long after its end a lease may have been prolonged by an answer that has not come. */
const UNANSWERED_MS = 2_000;

/** The messages of a worker, and their leases. */
export class LeasedMessages {
  /** Those that are worked on. */
  readonly running = new Set<Message<unknown>>();
  /** How long leases last, in milliseconds. */
  leaseMs: number;
  readonly #calls: QueueCalls;
  readonly #changed: () => void;
  /** Not begun, in the order in which they came. */
  #waiting: Message<unknown>[] = [];
  /** Those that were just extended: more is hardly to be had. */
  readonly #fresh = new WeakSet<Message<unknown>>();
  /** Those that wait though it was said that a handler begins with them. */
  readonly #announced = new WeakSet<Message<unknown>>();
  #extensions = 0;

  /** @param changed is called when messages that waited can begin, or are gone */
  constructor(calls: QueueCalls, leaseMs: number, changed: () => void) {
    this.#calls = calls;
    this.leaseMs = leaseMs;
    this.#changed = changed;
  }

  /** How many are not begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  get size(): number {
    return this.#waiting.length + this.running.size;
  }

  add(message: Message<unknown>): void {
    this.#waiting.push(message);
  }

  /** Takes out all that are not begun. */
  takeWaiting(): Message<unknown>[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }

  /**
   * Takes out the next to begin, at most `max`: each still this worker's for long enough. One that was begun before
   * comes alone, because it may be what ended the worker that had it.
   */
  takeNext(max: number): Message<unknown>[] {
    const next: Message<unknown>[] = [];
    while (next.length < max) {
      const message = this.#waiting[0];
      if (message === undefined || (message.attempt > 1 && next.length > 0)) break;
      const { leftMs, lengthMs, isExtending } = message.lease;
      if (isExtending) break;
      const enough = this.#fresh.has(message) ? FRESH_ABOVE : BEGUN_ABOVE;
      if (leftMs > 0 && leftMs < lengthMs * enough) {
        this.#extend(this.#waiting.slice(0, max));
        break;
      }
      this.#waiting.shift();
      // What is over is another consumer's by now, and was never begun here.
      if (leftMs <= 0) continue;
      next.push(message);
      if (message.attempt > 1) break;
    }
    return next;
  }

  /** Puts messages back, before all others, that were taken out and did not begin. */
  putBack(messages: readonly Message<unknown>[]): void {
    for (const message of messages) this.#announced.add(message);
    this.#waiting = [...messages, ...this.#waiting];
  }

  /** Whether the server was asked to prolong leases and has not answered. */
  get isExtending(): boolean {
    return this.#extensions > 0;
  }

  /** Prolongs all leases of which a part is over, and lets go of those that are over. To be called now and then. */
  check(): void {
    this.#extend(this.#below(EXTENDED_BELOW, [...this.running, ...this.#waiting]));
    // An answer that prolongs them may have arrived and not been read.
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
   * Prolongs what is worked on, before another handler begins.
   *
   * @param mayBlock whether that may keep the event loop
   */
  prepare(mayBlock: boolean): void {
    if (this.running.size === 0) return;
    this.#extend(this.#below(mayBlock ? BEGUN_ABOVE : BESIDE_ABOVE, [...this.running]));
  }

  /**
   * Leases that are over before their time. The server may have heard since that a handler has begun, which gives a
   * message its lease again: of those it is asked.
   */
  lose(receipts: readonly string[]): void {
    const lost = new Set(receipts);
    const announced = this.#waiting.filter((message) => lost.has(message.receipt) && this.#announced.has(message));
    const running = [...this.running].filter(({ receipt, isSettled }) => lost.has(receipt) && !isSettled);
    this.#waiting = this.#waiting.filter((message) => !lost.has(message.receipt) || this.#announced.has(message));
    this.#extend([...announced, ...running]);
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
    const { leaseMs } = this;
    const request = { receipts: messages.map(({ receipt }) => receipt), leaseSeconds: leaseMs / 1_000 };
    try {
      const { value } = await this.#calls.send<ExtendReply>("extend", { request, retrySeconds: 0 });
      this.#extended(messages, value, leaseMs, sentAt);
    } catch {
      // Without an answer the leases end when they end. Those that have not are tried again.
    }
    this.#extensions -= 1;
    for (const { lease } of messages) lease.isExtending = false;
    this.#changed();
  }

  #extended(messages: Message<unknown>[], { stale, leaseEndsAt }: ExtendReply, leaseMs: number, sentAt: Instant): void {
    const lost = new Set(stale);
    for (const message of messages) {
      if (lost.has(message.receipt)) {
        message.lose();
        continue;
      }
      message.extended(leaseEndsAt, leaseMs, sentAt);
      this.#fresh.add(message);
    }
    this.#waiting = this.#waiting.filter(({ receipt }) => !lost.has(receipt));
  }
}
