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
  #row: { slot: number; keys: number; isStored: boolean } | undefined;

  constructor(backlog: Backlog, keys: IdempotencyKeys) {
    this.#backlog = backlog;
    this.#keys = keys;
  }

  slotForNext(): number {
    // Only a stored row is given up, so that no key waits to be written in a row that nobody looks after any more.
    if (this.#row?.isStored && this.#row.keys >= KEYS_PER_ROW_MAX) {
      this.#backlog.release(this.#row.slot, this.#keys.has(this.#row.slot));
      this.#row = undefined;
    }
    this.#row ??= { slot: this.#backlog.takeSlot(), keys: 0, isStored: false };
    this.#row.keys += 1;
    return this.#row.slot;
  }

  /** What to store since the last commit. */
  takeChange(): RowChange | undefined {
    const row = this.#row;
    if (row === undefined) return undefined;
    const { slot } = row;
    const { keys, keysUntil } = this.#keys.takeUncommitted(slot);
    if (keys === "") return undefined;
    if (row.isStored) return { kind: "totals", slot, keys, keysUntil };
    // Written over, not appended to: the row may hold expired keys of its former use.
    row.isStored = true;
    return { kind: "write", slot, number: 0, ...NO_MESSAGES, keys, keysUntil };
  }
}
