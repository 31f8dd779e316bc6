import { RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import type { AckReply } from "../../../src/contract/schema.ts";
import type { CallOptions } from "../base/check-options.ts";
import { UnknownQueue, withCaller } from "../base/errors.ts";
import { turn } from "../base/platform.ts";
import type { Call, Outcome, Route } from "../transport/call.ts";

/** Acks that travel together. */
interface AckBatch {
  receipts: string[];
  outcome: Promise<Outcome<{ stale: ReadonlySet<string> }>>;
}

/** The calls about one queue. */
export class QueueCalls {
  /** The queue's name. */
  readonly queue: string;
  readonly route: Route;
  readonly #ackBatches = new Map<boolean, AckBatch>();

  constructor(queue: string, route: Route) {
    this.queue = queue;
    this.route = route;
  }

  async send<Reply>(verb: Call["verb"], call: Omit<Call, "verb"> = {}): Promise<Outcome<Reply>> {
    try {
      return await this.route.send<Reply>({ verb, ...call });
    } catch (error) {
      throw withCaller(error);
    }
  }

  /** Acks a message, together with all others that are acked in the same turn of the event loop. */
  async ack(
    receipt: string,
    finish: boolean,
    { signal, retrySeconds }: CallOptions = {},
  ): Promise<{ isAcked: boolean; isRepeated: boolean }> {
    if (signal !== undefined || retrySeconds !== undefined) {
      const request = { receipts: [receipt], finish };
      const { value, isRepeated } = await this.send<AckReply>("ack", { request, signal, retrySeconds });
      return { isAcked: value.acked === 1, isRepeated };
    }
    let batch = this.#ackBatches.get(finish);
    if (batch === undefined || batch.receipts.length === RECEIPTS_MAX) {
      batch = this.#ackBatch(finish);
      this.#ackBatches.set(finish, batch);
    }
    batch.receipts.push(receipt);
    const { value, isRepeated } = await batch.outcome;
    return { isAcked: !value.stale.has(receipt), isRepeated };
  }

  #ackBatch(finish: boolean): AckBatch {
    const receipts: string[] = [];
    const outcome = new Promise<void>((begin) => turn(begin)).then(async () => {
      if (this.#ackBatches.get(finish)?.receipts === receipts) this.#ackBatches.delete(finish);
      const { value, isRepeated } = await this.send<AckReply>("ack", {
        request: finish ? { receipts } : { receipts, finish },
      });
      return { value: { stale: new Set(value.stale) }, isRepeated };
    });
    return { receipts, outcome };
  }

  /** The reply, or something else if the queue does not exist. */
  async orIfUnknown<Value, Other>(outcome: Promise<{ value: Value }>, other: Other): Promise<Value | Other> {
    try {
      return (await outcome).value;
    } catch (error) {
      if (error instanceof UnknownQueue) return other;
      throw error;
    }
  }
}
