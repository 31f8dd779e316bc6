import type { Block } from "./block.ts";
import { Heap } from "./heap.ts";

interface Entry {
  at: number;
  block: Block;
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at;
}

/** When blocks must be looked at again: each once, never later than something happens to one of its messages. */
export class Agenda {
  /** May also hold what is not planned any more. */
  #entries = new Heap<Entry>(isBefore);
  readonly #plannedAt = new Map<Block, number>();

  /** Of two times for a block the earlier one counts. */
  plan(block: Block, at: number): void {
    const planned = this.#plannedAt.get(block);
    if (planned !== undefined && planned <= at) return;
    this.#plannedAt.set(block, at);
    this.#entries.push({ at, block });
    if (this.#entries.size > 2 * this.#plannedAt.size + 1_000) this.#sweep();
  }

  drop(block: Block): void {
    this.#plannedAt.delete(block);
  }

  isPlanned(block: Block, by: number): boolean {
    return (this.#plannedAt.get(block) ?? Number.POSITIVE_INFINITY) <= by;
  }

  clear(): void {
    this.#plannedAt.clear();
    this.#sweep();
  }

  /** Takes a block off whose time has come. */
  take(now: number): Block | undefined {
    if (this.nextAt > now) return undefined;
    const next = this.#entries.pop();
    if (next !== undefined) this.#plannedAt.delete(next.block);
    return next?.block;
  }

  /** Infinity when nothing is planned. */
  get nextAt(): number {
    for (let next = this.#entries.peek(); next !== undefined; next = this.#entries.peek()) {
      if (this.#plannedAt.get(next.block) === next.at) return next.at;
      this.#entries.pop();
    }
    return Number.POSITIVE_INFINITY;
  }

  /** Drops what is not planned any more, which would stay in memory for as long as a lease can last. */
  #sweep(): void {
    this.#entries = new Heap(isBefore);
    for (const [block, at] of this.#plannedAt) this.#entries.push({ at, block });
  }
}
