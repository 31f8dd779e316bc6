import type { FreeRows } from "./free-rows.ts";
import type { IdempotencyKeys } from "./idempotency-keys.ts";
import { NO_MESSAGES, type RowChange } from "./rows.ts";

/** Bounds the row that each `done` appends to, and that the keys of one commit are written to. */
const KEYS_PER_ROW_MAX = 256;

/**
 * The rows in which the idempotency keys of `done` are stored. The key of a put is stored with its messages; a `done` has
 * none, so its key is stored in a row without messages, which is free again when its keys have expired.
 */
export class DoneKeys {
  readonly #rows: FreeRows;
  readonly #keys: IdempotencyKeys;
  #row: { slot: number; keys: number } | undefined;
  /** Rows that are full, whose keys are not all stored. */
  readonly #full: number[] = [];

  constructor(rows: FreeRows, keys: IdempotencyKeys) {
    this.#rows = rows;
    this.#keys = keys;
  }

  /** The row for the next key. The key must be remembered there before this is called again. */
  slotForNext(): number {
    const row = this.#row;
    const isFull = row !== undefined && (row.keys >= KEYS_PER_ROW_MAX || !this.#keys.hasRoom(row.slot));
    if (row === undefined || isFull) {
      if (row !== undefined) this.#full.push(row.slot);
      this.#row = { slot: this.#rows.take(), keys: 0 };
      return this.slotForNext();
    }
    row.keys += 1;
    return row.slot;
  }

  /** What to store since the last commit. */
  takeChanges(): RowChange[] {
    if (this.#row === undefined) return [];
    const changes = [...this.#full, this.#row.slot].flatMap((slot) => this.#changeOf(slot) ?? []);
    // Released only now that all their keys are taken.
    for (const slot of this.#full.splice(0)) this.#rows.release(slot, this.#keys.kept(slot));
    return changes;
  }

  #changeOf(slot: number): RowChange | undefined {
    // Stored keys that have all expired are written over.
    const keepsKeys = this.#keys.hasStored(slot);
    const keys = this.#keys.takeUncommitted(slot);
    if (keys.keys === "") return undefined;
    if (keepsKeys) return { kind: "totals", slot, ...keys };
    return {
      kind: "write",
      slot,
      keepsMessages: false,
      keepsPayloads: false,
      keepsKeys,
      number: 0,
      ...NO_MESSAGES,
      ...keys,
    };
  }
}
