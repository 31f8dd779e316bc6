import type { Backlog } from "./backlog.ts";
import type { IdempotencyKeys } from "./idempotency-keys.ts";
import { NO_MESSAGES, type RowChange } from "./rows.ts";

/** Bounds the row that each report appends to. */
const KEYS_PER_ROW_MAX = 256;

/**
 * Where the idempotency keys of `done` are stored. A put's key lies with its messages; a done has none, so its keys
 * lie in a row without messages, which is free again when they have expired.
 */
export class DoneKeys {
  readonly #backlog: Backlog;
  readonly #keys: IdempotencyKeys;
  #row: { slot: number; keys: number; keepsKeys: boolean; isStored: boolean } | undefined;

  constructor(backlog: Backlog, keys: IdempotencyKeys) {
    this.#backlog = backlog;
    this.#keys = keys;
  }

  slotForNext(): number {
    this.#row ??= this.#newRow();
    this.#row.keys += 1;
    return this.#row.slot;
  }

  #newRow() {
    const slot = this.#backlog.takeSlot();
    return { slot, keys: 0, keepsKeys: this.#keys.hasStored(slot), isStored: false };
  }

  /** What to store since the last commit. */
  takeChange(): RowChange | undefined {
    const row = this.#row;
    if (row === undefined) return undefined;
    const { slot } = row;
    const keys = this.#keys.takeUncommitted(slot);
    if (keys.keys === "") return undefined;
    // Given up only now that all its keys are taken: who reported before and after the limit may share a commit.
    if (row.keys >= KEYS_PER_ROW_MAX) {
      this.#backlog.release(slot, this.#keys.kept(slot));
      this.#row = undefined;
    }
    if (row.isStored) return { kind: "totals", slot, ...keys };
    row.isStored = true;
    return { kind: "write", slot, keepsKeys: row.keepsKeys, number: 0, ...NO_MESSAGES, ...keys };
  }
}
