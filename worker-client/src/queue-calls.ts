import { RECEIPTS_MAX } from "../../src/contract/limits.ts";
import type { AckReply } from "../../src/contract/schema.ts";
import type { Call, Outcome, Route } from "./call.ts";
import { UnknownQueue } from "./errors.ts";
import { turn } from "./platform.ts";

/** Acks that travel together. */
interface AckBatch {
  receipts: string[];
  outcome: Promise<Outcome<{ stale: ReadonlySet<string> }>>;
}

/** The calls about one queue. */
export class QueueCalls {
  readonly route: Route;
  readonly #ackBatches = new Map<boolean, AckBatch>();

  constructor(route: Route) {
    this.route = route;
  }

  send<Reply>(verb: Call["verb"], call: Omit<Call, "verb"> = {}): Promise<Outcome<Reply>> {
    return this.route.send<Reply>({ verb, ...call });
  }

  /** Acks a message, together with all others that are acked in the same turn of the event loop. */
  async ack(receipt: string, finish: boolean): Promise<{ isAcked: boolean; isRepeated: boolean }> {
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
