import type { ExtendReply, ReceivedMessage, RetryReply } from "../../src/contract/schema.ts";
import { dateOf, dateOrUndefined } from "./dates.ts";
import { type DeadLetter, deadLetterOf } from "./dead-letter.ts";
import { QueueError } from "./errors.ts";
import { itemOf } from "./items.ts";
import type { QueueCalls } from "./queue-calls.ts";

export interface RetryOptions {
  /** When the message becomes visible again: at most 366 days. Default: what the queue's `retryDelay…` say. */
  delaySeconds?: number | undefined;
  /** Why this attempt failed, at most 1,024 characters; the next one finds it in `lastError`. */
  error?: string | undefined;
}

/** A message that was received: it is this worker's until the lease ends, and comes back if it is not acked by then. */
export class Message<Item> {
  /** Unique in its queue for all time. */
  readonly id: string;
  readonly item: Item;
  /** Which delivery of this message this is, from 1. More than 1 means that it may have been worked on before. */
  readonly attempt: number;
  readonly priority: number;
  readonly group: string | undefined;
  /** What the last retry gave as its error. */
  readonly lastError: string | undefined;
  /** Where it comes from, if it died in another queue. */
  readonly deadLetter: DeadLetter | undefined;
  readonly #putAt: number;
  readonly #at: number | undefined;
  #leaseEndsAt: number | undefined;
  readonly #receipt: string;
  #isSettled = false;
  /** Made when somebody asks for it: most never do. */
  #lost: AbortController | undefined;
  readonly #calls: QueueCalls;

  /** @internal Messages come from `Queue.receive`. */
  constructor(received: ReceivedMessage, calls: QueueCalls) {
    this.id = received.id;
    this.item = itemOf<Item>(received);
    this.attempt = received.attempt;
    this.priority = received.priority;
    this.group = received.group;
    this.lastError = received.lastError;
    this.deadLetter = deadLetterOf(received);
    this.#putAt = received.putAt;
    this.#at = received.at;
    this.#leaseEndsAt = received.leaseEndsAt;
    this.#receipt = received.receipt ?? "";
    this.#calls = calls;
  }

  get putAt(): Date {
    return dateOf(this.#putAt);
  }

  /** When it was to be visible; undefined if it was not put for later. */
  get at(): Date | undefined {
    return dateOrUndefined(this.#at);
  }

  /** When the lease ends, by the server's clock. */
  get leaseEndsAt(): Date {
    return dateOf(this.#leaseEndsAt ?? 0);
  }

  /**
   * The work is done: removes the message and counts it done for `join`. True when that is certain.
   *
   * False when the lease was over, so that the message is, or was, somebody else's to do again; also when an earlier
   * try was applied and its answer lost, which a second try cannot tell from that.
   */
  async ack(): Promise<boolean> {
    this.#isSettled = true;
    return (await this.#calls.ack(this.#receipt, true)).isAcked;
  }

  /**
   * Gives the message back; if this was the last of its `maxAttempts`, it is dead. True when that is certain; false as
   * for `ack`.
   */
  async retry({ delaySeconds, error }: RetryOptions = {}): Promise<boolean> {
    this.#isSettled = true;
    const { value } = await this.#send<RetryReply>("retry", { delaySeconds, error });
    return value.retried === 1;
  }

  /**
   * Gives the message up: it is dead at once, whatever attempts are left, and goes where dead messages of its queue go.
   * For what will never succeed. True when that is certain; false as for `ack`.
   */
  async reject({ error }: Pick<RetryOptions, "error"> = {}): Promise<boolean> {
    this.#isSettled = true;
    const { value } = await this.#send<RetryReply>("retry", { dead: true, error });
    return value.retried === 1;
  }

  /**
   * Gives back what was not begun: it is visible at once, and this delivery does not count as an attempt. True when that
   * is certain; false as for `ack`.
   */
  async release(): Promise<boolean> {
    this.#isSettled = true;
    const { value } = await this.#send<RetryReply>("retry", { begun: false });
    return value.retried === 1;
  }

  /** Makes the lease end `leaseSeconds` from now: 1 to 43,200. False when it was over already. */
  async extend(leaseSeconds: number): Promise<boolean> {
    const { value } = await this.#send<ExtendReply>("extend", { leaseSeconds });
    if (value.extended === 1) this.#leaseEndsAt = value.leaseEndsAt;
    return value.extended === 1;
  }

  /** Aborted when the lease is over, as far as its worker knows: what is done from then on may be done twice. */
  get signal(): AbortSignal {
    this.#lost ??= new AbortController();
    return this.#lost.signal;
  }

  /** @internal */
  lose(): void {
    this.#lost ??= new AbortController();
    this.#lost.abort(new QueueError(`The lease of ${this.id} is over.`, { code: "lease_lost" }));
  }

  /** @internal To be acked by whoever says this. */
  settle(): void {
    this.#isSettled = true;
  }

  /** @internal Whether it was acked, given back or given up, or tried to be. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  #send<Reply>(verb: "retry" | "extend", request: object) {
    return this.#calls.send<Reply>(verb, { request: { receipts: [this.#receipt], ...request } });
  }
}
