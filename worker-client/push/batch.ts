import type { PushVerdict } from "../../src/api/push.ts";
import type { ReceivedMessage } from "../../src/api/types.ts";
import { DELAY_SECONDS_MAX } from "../../src/contract/limits.ts";
import { checkOptions, shown } from "../src/base/check-options.ts";
import { dateOf } from "../src/message/dates.ts";
import { type DeadLetter, deadLetterOf } from "../src/message/dead-letter.ts";
import { errorParts } from "../src/message/error-parts.ts";
import { itemOf } from "../src/message/item-of.ts";

/** The options of `retry` and `retryAll`, as Cloudflare Queues has them. */
export interface RetryOptions {
  /** When the message is visible again, 0 to 31,622,400 seconds from now. Default: the retry delay of the message or its queue. */
  delaySeconds?: number | undefined;
}

/** What of a message Cloudflare Queues has too. */
interface CloudflareMessage<Item> {
  readonly id: string;
  /** When it was put. */
  readonly timestamp: Date;
  readonly body: Item;
  /** Which attempt this is, from 1. */
  readonly attempts: number;
  /** The message is done. The first of the calls for a message wins. */
  ack(): void;
  /** The message is given back for another attempt; after its last one it is dead. Throws for a wrong delay or option. */
  retry(options?: RetryOptions): void;
}

/** What of a batch Cloudflare Queues has too. Handlers may take their batch as its `MessageBatch`. */
export interface CloudflareBatch<Item = unknown> {
  /** The name of the queue. */
  readonly queue: string;
  readonly messages: readonly CloudflareMessage<Item>[];
  readonly metadata: {
    readonly metrics: {
      /** How many other messages are visible or delayed. */
      readonly backlogCount: number;
      /** The size of the queue's database. */
      readonly backlogBytes: number;
    };
  };
  /** All messages are done for which no call of their own came before. The first of these two calls wins. */
  ackAll(): void;
  /** All messages are given back for which no call of their own came before. */
  retryAll(options?: RetryOptions): void;
}

/** A message of a batch. */
export interface ConsumerMessage<Item = unknown> extends CloudflareMessage<Item> {
  readonly priority: number;
  readonly group: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The error of the attempt before. */
  readonly lastError: string | undefined;
  /** Where it comes from, if it died in another queue. */
  readonly deadLetter: DeadLetter | undefined;
  /** The message is dead at once, for what can never succeed. Cloudflare Queues has no such call. */
  reject(error?: unknown): void;
}

/** The messages that a handler gets together. */
export interface ConsumerBatch<Item = unknown> extends CloudflareBatch<Item> {
  readonly messages: readonly ConsumerMessage<Item>[];
}

type Decision = Exclude<PushVerdict, { verb: "release" }>;

/** A batch, and what its handler has decided so far. */
export class Batch implements ConsumerBatch {
  readonly queue: string;
  readonly messages: readonly ConsumerMessage[];
  readonly metadata: ConsumerBatch["metadata"];
  readonly #decisions = new Map<string, Decision>();
  #forAll: Decision | undefined;
  #isClosed = false;

  constructor(queue: string, received: readonly ReceivedMessage[], backlog: { count: number; bytes: number }) {
    this.queue = queue;
    this.messages = received.map(
      (message) => new BatchMessage(message, (decision) => this.#decide(message.id, decision)),
    );
    this.metadata = { metrics: { backlogCount: backlog.count, backlogBytes: backlog.bytes } };
  }

  ackAll(): void {
    this.#decideForAll({ verb: "ack" });
  }

  retryAll(options?: RetryOptions): void {
    this.#decideForAll(retryOf(options));
  }

  #decide(id: string, decision: Decision): void {
    if (this.#isLate(`${decision.verb}() of the message ${id}`)) return;
    // What was decided for all holds for those that come after it, as with Cloudflare Queues.
    if (this.#forAll === undefined && !this.#decisions.has(id)) this.#decisions.set(id, decision);
  }

  #decideForAll(decision: Decision): void {
    if (!this.#isLate(`${decision.verb}All()`)) this.#forAll ??= decision;
  }

  /** A call that comes when it is settled what becomes of the batch changes nothing, which the handler should know. */
  #isLate(call: string): boolean {
    if (this.#isClosed)
      console.warn(
        `queue ${this.queue}: ${call} came after the handler had ended, and changes nothing. Await what calls it.`,
      );
    return this.#isClosed;
  }

  /**
   * What becomes of each message, in their order. Later calls change nothing.
   *
   * @param failure the error that the handler threw, undefined if it returned: what of a message for which nothing was
   * decided
   */
  close(failure: { error: unknown } | undefined): PushVerdict[] {
    this.#isClosed = true;
    const rest =
      this.#forAll ?? (failure === undefined ? { verb: "ack" } : { verb: "retry", error: errorParts(failure.error) });
    return this.messages.map(({ id }) => this.#decisions.get(id) ?? rest);
  }
}

class BatchMessage implements ConsumerMessage {
  readonly id: string;
  readonly body: unknown;
  readonly attempts: number;
  readonly priority: number;
  readonly group: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly lastError: string | undefined;
  readonly deadLetter: DeadLetter | undefined;
  readonly timestamp: Date;
  readonly #decide: (decision: Decision) => void;

  constructor(received: ReceivedMessage, decide: (decision: Decision) => void) {
    this.id = received.id;
    this.timestamp = dateOf(received.putAt);
    this.body = itemOf(received);
    this.attempts = received.attempt;
    this.priority = received.priority;
    this.group = received.group;
    this.headers = received.headers ?? {};
    this.lastError = received.lastError;
    this.deadLetter = deadLetterOf(received);
    this.#decide = decide;
  }

  ack(): void {
    this.#decide({ verb: "ack" });
  }

  retry(options?: RetryOptions): void {
    this.#decide(retryOf(options));
  }

  reject(error?: unknown): void {
    this.#decide({ verb: "reject", error: error === undefined ? undefined : errorParts(error) });
  }
}

function retryOf(options: RetryOptions = {}): Decision {
  checkOptions("retry()", options, { delaySeconds: true });
  const { delaySeconds } = options;
  if (delaySeconds === undefined) return { verb: "retry" };
  const isRight = typeof delaySeconds === "number" && delaySeconds >= 0 && delaySeconds <= DELAY_SECONDS_MAX;
  if (!isRight)
    throw new RangeError(
      `delaySeconds is ${shown(delaySeconds)}, but must be a number from 0 to ${DELAY_SECONDS_MAX}.`,
    );
  return { verb: "retry", delayMs: Math.round(delaySeconds * 1_000) };
}
