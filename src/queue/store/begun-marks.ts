import type { Unsaved } from "./rows.ts";
import type { Block } from "./segment.ts";

/** How long what was begun may wait to be stored with something else, in milliseconds. Then it is written by itself. */
export const BEGIN_STORED_MS = 1_000;

/**
 * Blocks of which is only known in memory with which leases a handler has begun. That is stored when the block is written
 * for another reason, mostly because the message is acked, so that it costs no row and no commit of its own.
 */
export class BegunMarks {
  /** When each is to be written by itself; in the order of these times, because all wait equally long. */
  readonly #storeAt = new Map<Block, number>();

  add(block: Block, now: number): void {
    if (!this.#storeAt.has(block)) this.#storeAt.set(block, now + BEGIN_STORED_MS);
  }

  /** Whether the state of a block must not be forgotten. */
  has(block: Block): boolean {
    return this.#storeAt.has(block);
  }

  /** When the first is to be written by itself; Infinity where there is none. */
  get nextAt(): number {
    for (const storeAt of this.#storeAt.values()) return storeAt;
    return Number.POSITIVE_INFINITY;
  }

  /**
   * To be called before what is unsaved is written: adds the blocks that are to be written now for their marks alone, and
   * forgets all that are written, or are no more.
   *
   * @param blocksMax so many may go on waiting; beyond it the oldest are written before their time
   */
  save(unsaved: Map<Block, Unsaved>, now: number, blocksMax: number): void {
    for (const block of unsaved.keys()) this.#storeAt.delete(block);
    for (const [block, storeAt] of this.#storeAt) {
      if (storeAt > now && this.#storeAt.size <= blocksMax) return;
      unsaved.set(block, "update");
      this.#storeAt.delete(block);
    }
  }
}
