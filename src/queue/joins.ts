import type { Refusal, Result } from "./base/commands.ts";
import { tooManyWait } from "./base/refusals.ts";
import type { Ledger } from "./store/ledger.ts";
import type { Results } from "./waiting/results.ts";
import { WAITS_MAX, type Wait, WaitQueue, type Waits } from "./waiting/waits.ts";

interface Join extends Wait {
  kind: "join";
}

/** Joins: they wait until no message of the queue is unfinished. */
export class Joins {
  readonly #ledger: Ledger;
  readonly #results: Results;
  readonly #waits: Waits;
  readonly #waiting: WaitQueue<Join>;

  constructor(ledger: Ledger, waits: Waits, results: Results) {
    this.#ledger = ledger;
    this.#waits = waits;
    this.#results = results;
    this.#waiting = new WaitQueue(waits);
  }

  get isEmpty(): boolean {
    return this.#waiting.isEmpty;
  }

  /** Undefined for a join that waits. */
  join(requestId: number, timeoutMs: number, now: number): Result | undefined {
    if (this.#isFinished) return { verb: "join", finished: true };
    if (timeoutMs <= 0) return { verb: "join", finished: false };
    if (this.#waits.isFull) return tooManyWait(WAITS_MAX);
    this.#waiting.add({ kind: "join", requestIds: [requestId] }, now + timeoutMs);
    return undefined;
  }

  /** Answers all joins if everything is finished. */
  serve(): void {
    if (!this.#isFinished) return;
    for (let join = this.#waiting.shift(); join !== undefined; join = this.#waiting.shift()) {
      for (const requestId of join.requestIds) this.#results.add(requestId, { verb: "join", finished: true });
    }
  }

  /** Refuses all joins that wait. */
  refuse(refusal: Refusal): void {
    for (const { requestIds } of this.#waiting.takeAll()) this.#results.refuse(requestIds, refusal);
  }

  get #isFinished(): boolean {
    return this.#ledger.totals.unfinished === 0;
  }
}
