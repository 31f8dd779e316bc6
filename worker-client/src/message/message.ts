import type { ReceivedMessage, ReplyOf } from "../../../src/api/types.ts";
import { CALL_OPTIONS, type CallOptions, checkOptions } from "../base/check-options.ts";
import { Closed, QueueError, Unavailable } from "../base/errors.ts";
import { type Instant, instant } from "../base/instant.ts";
import { dateOf, dateOrUndefined } from "./dates.ts";
import { type DeadLetter, deadLetterOf } from "./dead-letter.ts";
import { errorParts } from "./error-parts.ts";
import { itemOf } from "./item-of.ts";
import type { Lease } from "./lease.ts";
import {
  ACK_OPTIONS,
  type AckOptions,
  REJECT_OPTIONS,
  RELEASE_OPTIONS,
  RETRY_OPTIONS,
  type RejectOptions,
  type ReleaseOptions,
  type RetryOptions,
} from "./message-options.ts";
import type { QueueCalls } from "./queue-calls.ts";
import { resultText } from "./result-text.ts";

/** A message that its handler has settled by a call. */
export interface Settled {
  verb: "ack" | "retry" | "reject" | "release";
  /** Whether the lease was over, so that nothing was changed. */
  isStale: boolean;
  /** Whether an earlier try may have been applied: then a lease that is over may have been ended by that. */
  isRepeated: boolean;
  /** Whether the message had no attempt left. */
  isDead: boolean;
  /** What the call was given as the error. */
  error: unknown;
}

/** What is told of a message while its handler runs: its worker. */
export interface MessageObserver {
  lost(message: Message<unknown>, error: QueueError, isCancelled: boolean): void;
  settled(message: Message<unknown>, settled: Settled): void;
}

/**
 * A message that was received: leased to this consumer, and redelivered if it is not acked before its lease ends.
 *
 * Its calls throw as all calls do; see `Queue`.
 */
export class Message<Item> {
  /** Unique in its queue for all time. */
  readonly id: string;
  readonly item: Item;
  /**
   * Which attempt this is, from 1: how often a handler has begun with the message, this time included. More than 1
   * means that it may have been worked on before.
   */
  readonly attempt: number;
  readonly priority: number;
  readonly group: string | undefined;
  /** Those with which it was put; {} if it has none. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its own, over the setting of the queue; undefined if it has none. */
  readonly maxAttempts: number | undefined;
  /** Its own, over the setting of the queue; undefined if it has none. */
  readonly retryDelaySeconds: number | undefined;
  /** Its own, over the setting of the queue; undefined if it has none. */
  readonly retentionSeconds: number | undefined;
  /** Its own, over the setting of the queue; undefined if it has none. */
  readonly resultSeconds: number | undefined;
  /** What the last retry gave as its error. */
  readonly lastError: string | undefined;
  /** Where it comes from, if it died in another queue. */
  readonly deadLetter: DeadLetter | undefined;
  /** Names this lease: calls over HTTP, such as `ack`, take it, also from another process. */
  readonly receipt: string;
  /** @internal */
  readonly lease: Lease;
  /** @internal Undefined until a worker begins with it. */
  observer: MessageObserver | undefined;
  /** @internal Called when `signal` is aborted, also where it is never read. */
  aborted: ((reason: QueueError) => void) | undefined;
  /** @internal What the server has sent. */
  readonly received: ReceivedMessage;
  /** @internal When its handler began, by `performance.now()`. */
  beganAt = 0;
  readonly #calls: QueueCalls;
  #leaseEndsAt: number;
  #isSettled = false;
  #isLost = false;
  /** Made when `signal` is first read: for most messages it never is. */
  #aborting: AbortController | undefined;

  /** @internal Messages come from `Queue.receive` and `Queue.work`. */
  constructor(received: ReceivedMessage, lease: Lease, calls: QueueCalls) {
    this.received = received;
    this.id = received.id;
    this.item = itemOf<Item>(received);
    this.attempt = received.attempt;
    this.priority = received.priority;
    this.group = received.group;
    this.headers = received.headers ?? {};
    this.maxAttempts = received.maxAttempts;
    this.retryDelaySeconds = received.retryDelaySeconds;
    this.retentionSeconds = received.retentionSeconds;
    this.resultSeconds = received.resultSeconds;
    this.lastError = received.lastError;
    this.deadLetter = deadLetterOf(received);
    this.receipt = received.receipt ?? "";
    this.lease = lease;
    this.#leaseEndsAt = received.leaseEndsAt ?? 0;
    this.#calls = calls;
  }

  get putAt(): Date {
    return dateOf(this.received.putAt);
  }

  /** When it was to be visible; undefined if it was not put for later. */
  get at(): Date | undefined {
    return dateOrUndefined(this.received.at);
  }

  /** When the lease ends, by the server's clock. */
  get leaseEndsAt(): Date {
    return dateOf(this.#leaseEndsAt);
  }

  /**
   * The work is done: removes the message and counts it done for `join`. True when that is certain.
   *
   * False when the lease was over, so that the message is, or was, another consumer's to do again; also when an earlier
   * try was applied and its answer lost, which a second try cannot tell from that.
   */
  async ack(options: AckOptions = {}): Promise<boolean> {
    checkOptions("ack()", options, ACK_OPTIONS);
    const { result, ...call } = options;
    const { queue } = this.#calls;
    const text = result === undefined ? undefined : resultText(result, `the message ${this.id} of ${queue}`, queue);
    return this.#settle("ack", undefined, async () => {
      const { isAcked, isRepeated } = await this.#calls.ack(this.receipt, true, call, text);
      return { isStale: !isAcked, isRepeated, isDead: false };
    });
  }

  /**
   * Gives the message back after a failure; if this was the last of its `maxAttempts`, it is dead. True when that is
   * certain; false as for `ack`.
   */
  async retry(options: RetryOptions = {}): Promise<boolean> {
    checkOptions("retry()", options, RETRY_OPTIONS);
    const { delaySeconds, error } = options;
    const request = { delaySeconds, error: error === undefined ? undefined : errorParts(error) };
    return this.#giveBack("retry", request, options);
  }

  /**
   * Gives the message up: it is dead at once, whatever attempts are left, and goes to the queue's `deadLetterQueue`.
   * For messages that can never succeed. True when that is certain; false as for `ack`.
   */
  async reject(options: RejectOptions = {}): Promise<boolean> {
    checkOptions("reject()", options, REJECT_OPTIONS);
    const { error } = options;
    return this.#giveBack("reject", { error: error === undefined ? undefined : errorParts(error) }, options);
  }

  /**
   * Gives the message back as if it had not been begun: it is visible at once, or after `delaySeconds`, and no attempt is
   * counted. True when that is certain; false as for `ack`.
   */
  async release(options: ReleaseOptions = {}): Promise<boolean> {
    checkOptions("release()", options, RELEASE_OPTIONS);
    const { delaySeconds } = options;
    return this.#giveBack("release", delaySeconds === undefined ? {} : { delaySeconds }, options);
  }

  /**
   * Tells those that watch the message how far its work is: any JSON value of at most 8 KiB, of which the last wins. It is
   * not stored. Answers whether the message was cancelled, or its lease is over; then `signal` is aborted.
   */
  async progress(value: unknown, options: CallOptions = {}): Promise<{ cancelled: boolean }> {
    checkOptions("progress()", options, CALL_OPTIONS);
    const request = { receipt: this.receipt, progress: value === undefined ? null : value };
    const { value: reply } = await this.#calls.send<ReplyOf<"progress">>("progress", { request, ...options });
    if (reply.stale || reply.cancelled) this.lose(reply.cancelled);
    return { cancelled: reply.cancelled };
  }

  /**
   * Makes the lease end `leaseSeconds` from now: 1 to 43,200, by default the queue's. False when it was over already. A
   * worker extends the leases of its messages by itself, and none to an earlier end than this.
   */
  async extend(leaseSeconds?: number, options: CallOptions = {}): Promise<boolean> {
    checkOptions("extend()", options, CALL_OPTIONS);
    const sentAt = instant();
    const request = { receipts: [this.receipt], leaseSeconds };
    const { value } = await this.#calls.send<ReplyOf<"extend">>("extend", { request, ...options });
    if (value.extended === 1) this.extended(value, sentAt);
    return value.extended === 1;
  }

  /**
   * Aborted when the lease is over, as far as this machine knows, or the message was taken away: work from then on
   * may be done twice. In a worker also when the handler's `timeoutSeconds` have passed. Its reason is the error.
   */
  get signal(): AbortSignal {
    if (this.#aborting === undefined) {
      this.#aborting = new AbortController();
      if (!this.#isSettled) this.lease.whenOver(() => this.lose());
    }
    // A handler that blocked the event loop reads the signal before any timer could fire.
    if (this.lease.leftMs <= 0 && !this.lease.isExtending) this.lose();
    return this.#aborting.signal;
  }

  /** @internal The server has prolonged the lease, which was asked for at `sentAt`. */
  extended({ leaseSeconds, leaseEndsAt }: ReplyOf<"extend">, sentAt: Instant): void {
    this.#leaseEndsAt = leaseEndsAt;
    this.lease.prolong(leaseSeconds * 1_000, sentAt);
  }

  /** @internal The lease is over. */
  lose(isCancelled = false): void {
    if (this.#isSettled || this.#isLost) return;
    this.#isLost = true;
    const error = this.lostError(isCancelled);
    this.abort(error);
    this.observer?.lost(this, error, isCancelled);
  }

  /** @internal */
  abort(reason: QueueError): void {
    this.lease.end();
    this.#aborting ??= new AbortController();
    this.#aborting.abort(reason);
    this.aborted?.(reason);
  }

  /** @internal The error for a message whose lease ended before its handler. */
  lostError(isCancelled = false): QueueError {
    const { queue } = this.#calls;
    const unknown = "it was cancelled, or is another consumer's by now, so that its work may be done twice";
    const detail = isCancelled ? "it was cancelled" : unknown;
    return new QueueError(`The lease of message ${this.id} of ${queue} is over: ${detail}.`, {
      code: "lease_lost",
      queue,
    });
  }

  /** @internal The caller of this acks the message or gives it back. */
  settle(): void {
    this.#isSettled = true;
    this.lease.end();
  }

  /** @internal Whether it was acked, given back or given up, or may have been. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** @internal Whether its lease is known to be over. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** A refused call leaves the message as it was, so that its handler may make another call. */
  async #settle(
    verb: Settled["verb"],
    error: unknown,
    settle: () => Promise<Omit<Settled, "verb" | "error">>,
  ): Promise<boolean> {
    this.#isSettled = true;
    try {
      const settled = await settle();
      this.lease.end();
      this.observer?.settled(this, { verb, error, ...settled });
      return !settled.isStale;
    } catch (failure) {
      if (isCertain(failure)) this.#isSettled = false;
      throw failure;
    }
  }

  #giveBack(
    verb: "retry" | "reject" | "release",
    request: object,
    { error, signal, retrySeconds }: RejectOptions,
  ): Promise<boolean> {
    return this.#settle(verb, error, async () => {
      const call = { request: { receipts: [this.receipt], ...request }, signal, retrySeconds };
      const { value, isRepeated } = await this.#calls.send<{ stale: string[]; dead?: string[] }>(verb, call);
      return { isStale: value.stale.length > 0, isRepeated, isDead: (value.dead ?? []).length > 0 };
    });
  }
}

/** Whether a call that failed so has changed nothing. */
function isCertain(error: unknown): boolean {
  if (error instanceof TypeError || error instanceof RangeError) return true;
  return error instanceof QueueError && !(error instanceof Unavailable || error instanceof Closed);
}
