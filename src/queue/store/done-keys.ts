import type { IdempotencyKeys } from "./idempotency-keys.ts";
import type { RowSlots } from "./row-slots.ts";
import { NO_MESSAGES, type RowChange } from "./rows.ts";

/** Bounds the row that each report appends to, and that the keys of one commit are written to. */
const KEYS_PER_ROW_MAX = 256;

/**
 * Where the idempotency keys of `done` are stored. A put's key lies with its messages; a done has none, so its keys
 * lie in a row without messages, which is free again when they have expired.
 */
export class DoneKeys {
  readonly #slots: RowSlots;
  readonly #keys: IdempotencyKeys;
  #row: { slot: number; keys: number } | undefined;
  /** Rows that are full, whose keys are not all stored. */
  readonly #full: number[] = [];

  constructor(slots: RowSlots, keys: IdempotencyKeys) {
    this.#slots = slots;
    this.#keys = keys;
  }

  /** The row for the next key, which must be remembered before the next one is asked for. */
  slotForNext(): number {
    const row = this.#row;
    const isFull = row !== undefined && (row.keys >= KEYS_PER_ROW_MAX || !this.#keys.hasRoom(row.slot));
    if (row === undefined || isFull) {
      if (row !== undefined) this.#full.push(row.slot);
      this.#row = { slot: this.#slots.take(), keys: 0 };
      return this.slotForNext();
    }
    row.keys += 1;
    return row.slot;
  }

  /** What to store since the last commit. */
  takeChanges(): RowChange[] {
    if (this.#row === undefined) return [];
    const changes = [...this.#full, this.#row.slot].flatMap((slot) => this.#changeOf(slot) ?? []);
    // Given up only now that all their keys are taken.
    for (const slot of this.#full.splice(0)) this.#slots.release(slot, this.#keys.kept(slot));
    return changes;
  }

  #changeOf(slot: number): RowChange | undefined {
    // Where all that is stored has expired, it is written over.
    const keepsKeys = this.#keys.hasStored(slot);
    const keys = this.#keys.takeUncommitted(slot);
    if (keys.keys === "") return undefined;
    if (keepsKeys) return { kind: "totals", slot, ...keys };
    return { kind: "write", slot, keepsKeys, number: 0, ...NO_MESSAGES, ...keys };
  }
}
