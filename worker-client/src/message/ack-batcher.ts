import type { ReplyOf } from "../../../src/api/types.ts";
import { RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import { turn } from "../base/platform.ts";
import type { Outcome } from "../transport/call.ts";

/** What the server answered to a batch of acks. */
export interface AckOutcome {
  /** The receipts whose leases had ended. */
  stale: ReadonlySet<string>;
  /** True when an earlier try may have been applied although its answer was lost. */
  isRepeated: boolean;
}

interface AckBatch {
  receipts: string[];
  outcome: Promise<AckOutcome>;
  send(): void;
}

/** Sends acks of the same turn of the event loop as one request, of at most `RECEIPTS_MAX` receipts. */
export class AckBatcher {
  readonly #send: (receipts: string[]) => Promise<Outcome<ReplyOf<"ack">>>;
  #batches: AckBatch[] = [];

  constructor(send: (receipts: string[]) => Promise<Outcome<ReplyOf<"ack">>>) {
    this.#send = send;
  }

  /** Adds a receipt. The result is the same promise for all receipts of a batch. */
  add(receipt: string): Promise<AckOutcome> {
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.receipts.length === RECEIPTS_MAX) {
      batch = this.#newBatch();
      this.#batches.push(batch);
    }
    batch.receipts.push(receipt);
    return batch.outcome;
  }

  /** Sends what was added, without waiting for the end of the turn. */
  flush(): void {
    for (const batch of this.#batches.splice(0)) batch.send();
  }

  #newBatch(): AckBatch {
    const { promise, resolve } = Promise.withResolvers<AckOutcome>();
    const receipts: string[] = [];
    const batch = { receipts, outcome: promise, send: () => resolve(this.#sendBatch(receipts)) };
    turn(() => {
      if (this.#batches.includes(batch)) this.flush();
    });
    return batch;
  }

  async #sendBatch(receipts: string[]): Promise<AckOutcome> {
    const { value, isRepeated } = await this.#send(receipts);
    return { stale: new Set(value.stale), isRepeated };
  }
}
