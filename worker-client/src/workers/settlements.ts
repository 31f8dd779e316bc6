import type { ReplyOf } from "../../../src/api/types.ts";
import { RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import { chunksOf } from "../base/chunks.ts";
import type { WorkerReports } from "../events/worker-reports.ts";
import { AckBatcher, type AckOutcome } from "../message/ack-batcher.ts";
import { errorParts } from "../message/error-parts.ts";
import type { Message } from "../message/message.ts";
import type { QueueCalls } from "../message/queue-calls.ts";

/** What the server answered to messages that were acked or given back. */
interface SettledOutcome extends AckOutcome {
  /** The receipts whose messages had no attempt left. */
  dead?: ReadonlySet<string>;
}

/** How the answer to a settlement is told. */
interface Telling {
  /** Called with each message that the server has settled, and whether it had no attempt left. */
  settled?: (message: Message<unknown>, isDead: boolean) => void;
  /** Whether a lease that has ended needs no report. */
  isReported?: boolean;
}

/** Acks a worker's messages, gives them back, and reports what the server did not accept. */
export class Settlements {
  readonly #calls: QueueCalls;
  readonly #reports: WorkerReports;
  readonly #changed: () => void;
  readonly #givingUp = new AbortController();
  readonly #acks = new AckBatcher(({ receipts, results }) => this.#send<ReplyOf<"ack">>("ack", { receipts }, results));
  /** The messages of each batch of acks, by its outcome. Weak: messages that were acked do not stay in memory. */
  readonly #acked = new WeakMap<Promise<AckOutcome>, Message<unknown>[]>();
  #unconfirmed = 0;

  /** @param changed is called each time that the server has answered, or that a call has failed */
  constructor(calls: QueueCalls, reports: WorkerReports, changed: () => void) {
    this.#calls = calls;
    this.#reports = reports;
    this.#changed = changed;
  }

  /** Whether the server has answered to all acks and to all messages that were given back. */
  get areAllConfirmed(): boolean {
    return this.#unconfirmed === 0;
  }

  /** Ends the calls that are under way. Their messages are reported. */
  giveUp(reason: Error): void {
    this.#givingUp.abort(reason);
  }

  /**
   * Acks a message, together with all others that are acked before `flush` or in the same turn of the event loop.
   *
   * @param result as JSON text; undefined for none
   */
  ack(message: Message<unknown>, result?: string): void {
    message.settle();
    const outcome = this.#acks.add(message.receipt, result);
    const others = this.#acked.get(outcome);
    if (others !== undefined) {
      others.push(message);
      return;
    }
    const messages = [message];
    this.#acked.set(outcome, messages);
    this.#confirm(messages, outcome, { settled: (each) => this.#reports.completed(each) });
  }

  /** Sends the acks that wait for the end of the turn. */
  flush(): void {
    this.#acks.flush();
  }

  /** Gives a message back whose handler failed. */
  failed(message: Message<unknown>, error: unknown): void {
    message.settle();
    const request = { receipts: [message.receipt], error: errorParts(error) };
    // The error of a handler that failed because the lease had ended was reported already.
    const isReported = message.isLost && error === message.signal.reason;
    const settled = (each: Message<unknown>, isDead: boolean) => {
      if (isDead) this.#reports.dead(each, error, "max_attempts");
      else this.#reports.retrying(each, error);
    };
    this.#confirm([message], this.#giveBack("retry", request), { isReported, settled });
  }

  /** Gives a message up, which can never succeed. */
  reject(message: Message<unknown>, error: unknown): void {
    message.settle();
    const request = { receipts: [message.receipt], error: errorParts(error) };
    const settled = (each: Message<unknown>) => this.#reports.dead(each, error, "rejected");
    this.#confirm([message], this.#giveBack("reject", request), { settled });
  }

  /**
   * Gives messages back as if their handlers had not begun.
   *
   * @param delaySeconds after which they are visible. Default: at once
   */
  release(messages: readonly Message<unknown>[], delaySeconds?: number): void {
    for (const some of chunksOf(messages, RECEIPTS_MAX)) {
      for (const message of some) message.settle();
      const request = { receipts: some.map(({ receipt }) => receipt), delaySeconds };
      // A lease that has ended has given the message back already.
      this.#confirm(some, this.#giveBack("release", request), { isReported: true });
    }
  }

  async #giveBack(verb: "retry" | "reject" | "release", request: Record<string, unknown>): Promise<SettledOutcome> {
    const { value, isRepeated } = await this.#send<{ stale: string[]; dead?: string[] }>(verb, request);
    return { stale: new Set(value.stale), isRepeated, dead: new Set(value.dead) };
  }

  #send<Reply>(
    verb: "ack" | "retry" | "reject" | "release",
    request: Record<string, unknown>,
    results?: readonly string[],
  ) {
    return this.#calls.send<Reply>(verb, { request, results, signal: this.#givingUp.signal });
  }

  #confirm(messages: Message<unknown>[], outcome: Promise<SettledOutcome>, telling: Telling): void {
    this.#unconfirmed += 1;
    outcome
      .then((answer) => {
        for (const message of messages) this.#confirmed(message, answer, telling);
      })
      .catch((error: unknown) => {
        for (const message of messages) this.#reports.error(error, message);
      })
      .finally(() => {
        this.#unconfirmed -= 1;
        this.#changed();
      });
  }

  #confirmed(message: Message<unknown>, answer: SettledOutcome, { settled, isReported = false }: Telling): void {
    const { stale, isRepeated, dead } = answer;
    const { receipt } = message;
    if (!stale.has(receipt)) settled?.(message, dead?.has(receipt) === true);
    else if (!isRepeated) {
      if (!isReported) this.#reports.wasLost(message);
    } else if (dead === undefined) {
      // A second try cannot tell an ack that the first one made from a lease that had ended.
      this.#reports.completed(message);
    }
  }
}
