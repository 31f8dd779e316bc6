import { RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import type { AckReply, RetryReply } from "../../../src/contract/schema.ts";
import { chunksOf } from "../base/chunks.ts";
import { errorText } from "../message/error-text.ts";
import type { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import type { Report } from "./error-reports.ts";

/** Tells the server what has become of a worker's messages, and reports what it did not take. */
export class Settlements {
  readonly #calls: QueueCalls;
  readonly #report: Report;
  readonly #changed: () => void;
  readonly #givingUp = new AbortController();
  #done: Message<unknown>[] = [];
  #unconfirmed = 0;

  /** @param changed is called when the server was told something */
  constructor(calls: QueueCalls, report: Report, changed: () => void) {
    this.#calls = calls;
    this.#report = report;
    this.#changed = changed;
  }

  /** Whether the server knows everything. */
  get areAllConfirmed(): boolean {
    return this.#done.length + this.#unconfirmed === 0;
  }

  /** Ends what the server is being told. It is reported. */
  giveUp(reason: Error): void {
    this.#givingUp.abort(reason);
  }

  /** Acks a message, with all others that are done before `flush`. */
  ack(message: Message<unknown>): void {
    message.settle();
    this.#done.push(message);
  }

  flush(): void {
    for (const some of chunksOf(this.#done.splice(0), RECEIPTS_MAX)) {
      this.#confirm(some, this.#send<AckReply>("ack", { receipts: some.map(({ receipt }) => receipt) }));
    }
  }

  /** Gives a message back whose handler failed. */
  failed(message: Message<unknown>, error: unknown): void {
    message.settle();
    const request = { receipts: [message.receipt], error: errorText(error) };
    // A handler that failed because the lease was over has told so already.
    const isKnown = message.isLost && error === message.signal.reason;
    this.#confirm([message], this.#send<RetryReply>("retry", request), isKnown);
  }

  /** Gives back messages that were not begun. */
  release(messages: readonly Message<unknown>[]): void {
    for (const some of chunksOf(messages, RECEIPTS_MAX)) {
      for (const message of some) message.settle();
      const request = { receipts: some.map(({ receipt }) => receipt), begun: false };
      // A lease that is over has given the message back already.
      this.#confirm(some, this.#send<RetryReply>("retry", request), true);
    }
  }

  #send<Reply>(verb: "ack" | "retry", request: Record<string, unknown>) {
    return this.#calls.send<Reply>(verb, { request, signal: this.#givingUp.signal });
  }

  #confirm(
    messages: Message<unknown>[],
    outcome: Promise<{ value: { stale: string[] }; isRepeated: boolean }>,
    isKnown = false,
  ): void {
    this.#unconfirmed += 1;
    outcome
      .then(({ value, isRepeated }) => {
        // A second try cannot tell what the first has done from a lease that was over.
        if (isKnown || isRepeated || value.stale.length === 0) return;
        const stale = new Set(value.stale);
        for (const message of messages) if (stale.has(message.receipt)) this.#report(message.lostError(), message);
      })
      .catch((error: unknown) => {
        for (const message of messages) this.#report(error, message);
      })
      .finally(() => {
        this.#unconfirmed -= 1;
        this.#changed();
      });
  }
}
