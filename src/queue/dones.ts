import type { DoneCommand, Result } from "./base/commands.ts";
import type { QueueState } from "./base/queue-state.ts";
import { doneTooOften, reusedKey } from "./base/refusals.ts";
import type { IdempotencyKeys } from "./store/idempotency-keys.ts";
import { doneHashOf } from "./store/key-records.ts";
import type { Ledger } from "./store/ledger.ts";
import type { RowTable } from "./store/row-table.ts";

/** Takes reports that messages are done which were taken before. */
export class Dones {
  readonly #state: QueueState;
  readonly #ledger: Ledger;
  readonly #keys: IdempotencyKeys;
  readonly #rows: RowTable;

  constructor(state: QueueState, ledger: Ledger, { keys, rows }: { keys: IdempotencyKeys; rows: RowTable }) {
    this.#state = state;
    this.#ledger = ledger;
    this.#keys = keys;
    this.#rows = rows;
  }

  done({ count, idempotencyKey: key }: DoneCommand, now: number): Result {
    const known = key === undefined ? undefined : this.#keys.find(key, () => doneHashOf(count), now);
    if (known === "other") return reusedKey();
    if (known === undefined) {
      const { unfinished } = this.#ledger.totals;
      if (count > unfinished) return doneTooOften(count, unfinished);
      this.#finish(count, key, now);
    }
    return { verb: "done", unfinished: this.#ledger.totals.unfinished };
  }

  #finish(count: number, key: string | undefined, now: number): void {
    this.#ledger.finished(count);
    this.#rows.includeTotals();
    if (key === undefined) return;
    const until = now + this.#state.configuration.idempotencyMs;
    this.#keys.remember(this.#rows.takeForDoneKey(), { key, contentHash: doneHashOf(count), until, ranges: [] });
  }
}
