import type { RowReader } from "./rows.ts";
import type { Block, BlockState } from "./segment.ts";

/** The blocks whose state may be in memory. Those that were used longest ago are let go first. */
export class LoadedBlocks {
  readonly #reader: RowReader;
  /** The one used last is at the end. */
  readonly #blocks = new Set<Block>();
  #usedLast: Block | undefined;

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /** Puts a block at the end. Mostly it is there, because messages of one block move together. */
  use(block: Block): void {
    if (block === this.#usedLast) return;
    this.#usedLast = block;
    this.#blocks.delete(block);
    this.#blocks.add(block);
  }

  /** Lets go of a block that is done with. */
  drop(block: Block): void {
    if (block === this.#usedLast) this.#usedLast = undefined;
    this.#blocks.delete(block);
  }

  /** Lets go of a state, which must be stored as it is. */
  unload(block: Block): void {
    this.drop(block);
    block.unload(() => this.#load(block));
  }

  /**
   * Lets go of the states that were used longest ago, until there are so many.
   *
   * @param isKept whether a state is not stored as it is
   */
  unloadOldest(blocksMax: number, isKept: (block: Block) => boolean): void {
    for (const block of this.#blocks) {
      if (this.#blocks.size <= blocksMax) return;
      if (!isKept(block)) this.unload(block);
    }
  }

  /** Whoever needs a state, to change it or only to look, has it counted here among those in memory. */
  #load(block: Block): BlockState {
    this.use(block);
    return this.#reader.state(block.slot);
  }
}
