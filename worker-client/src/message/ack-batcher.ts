import type { ReplyOf } from "../../../src/api/types.ts";
import { RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import { turn } from "../base/platform.ts";
import type { Outcome } from "../transport/call.ts";

/** The results of one request together, in characters: with more the next request begins. */
const RESULTS_CHARACTERS_MAX = 1024 * 1024;

/** What the server answered to a batch of acks. */
export interface AckOutcome {
  /** The receipts whose leases had ended. */
  stale: ReadonlySet<string>;
  /** True when an earlier try may have been applied although its answer was lost. */
  isRepeated: boolean;
}

/** Acks that are sent as one request. */
export interface Acks {
  receipts: string[];
  /** Their results as JSON texts, as many; undefined for acks that have none. */
  results: string[] | undefined;
}

interface AckBatch extends Acks {
  /** The characters of the results. */
  characters: number;
  outcome: Promise<AckOutcome>;
  send(): void;
}

/**
 * Sends acks of the same turn of the event loop as one request, of at most `RECEIPTS_MAX` receipts. Those with results go
 * apart from those without: for a result that is not kept nothing is written.
 */
export class AckBatcher {
  readonly #send: (acks: Acks) => Promise<Outcome<ReplyOf<"ack">>>;
  #batches: AckBatch[] = [];

  constructor(send: (acks: Acks) => Promise<Outcome<ReplyOf<"ack">>>) {
    this.#send = send;
  }

  /**
   * Adds a receipt. The outcome is the same promise for all receipts of a batch.
   *
   * @param result as JSON text; undefined for an ack that has none
   */
  add(receipt: string, result?: string): Promise<AckOutcome> {
    const characters = result?.length ?? 0;
    const batch = this.#batches.findLast(({ results }) => (results === undefined) === (result === undefined));
    const open = batch !== undefined && hasRoom(batch, characters) ? batch : this.#newBatch(result !== undefined);
    open.receipts.push(receipt);
    if (result !== undefined) open.results?.push(result);
    open.characters += characters;
    return open.outcome;
  }

  /** Sends what was added, without waiting for the end of the turn. */
  flush(): void {
    for (const batch of this.#batches.splice(0)) batch.send();
  }

  #newBatch(hasResults: boolean): AckBatch {
    const { promise, resolve } = Promise.withResolvers<AckOutcome>();
    const acks: Acks = { receipts: [], results: hasResults ? [] : undefined };
    const batch = { ...acks, characters: 0, outcome: promise, send: () => resolve(this.#sendBatch(acks)) };
    this.#batches.push(batch);
    turn(() => {
      if (this.#batches.includes(batch)) this.flush();
    });
    return batch;
  }

  async #sendBatch(acks: Acks): Promise<AckOutcome> {
    const { value, isRepeated } = await this.#send(acks);
    return { stale: new Set(value.stale), isRepeated };
  }
}

function hasRoom({ receipts, characters }: AckBatch, more: number): boolean {
  return receipts.length < RECEIPTS_MAX && characters + more <= RESULTS_CHARACTERS_MAX;
}
