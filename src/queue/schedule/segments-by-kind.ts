import { BLOCK_MESSAGES_MAX, type Block, type Lane } from "../store/segment.ts";

/** Bounds what one receive must read to get at a message; a single larger message has a block of its own. */
const BLOCK_BYTES_MAX = 64 * 1024;
/** A stored block takes more messages only up to this size, because an append rewrites the whole row. */
const APPEND_BYTES_MAX = 16 * 1024;

/** Lanes of one key are one order: of their blocks only the newest may take messages, whatever lane it is in. */
type LaneKey = number;

function keyOf({ priority, isGrouped }: Lane): LaneKey {
  return 2 * priority + Number(isGrouped);
}

/** The blocks of each lane in the order of their making, and which of them is still open. */
export class Lanes {
  readonly #blocks = new Map<LaneKey, Set<Block>>();
  /** The block that takes the next messages. */
  readonly #open = new Map<LaneKey, Block>();

  enter(block: Block): void {
    const key = keyOf(block);
    const blocks = this.#blocks.get(key);
    if (blocks === undefined) this.#blocks.set(key, new Set([block]));
    else blocks.add(block);
    this.#open.set(key, block);
  }

  leave(block: Block): void {
    const key = keyOf(block);
    this.#blocks.get(key)?.delete(block);
    if (this.#open.get(key) === block) this.#open.delete(key);
  }

  /** In each lane, the block with its oldest message. */
  oldest(): Block[] {
    return [...this.#blocks.values()].flatMap(([first]) => first ?? []);
  }

  /**
   * Finds room for messages that are put together, so that a batch which fits in one row lies in one row.
   *
   * @param lanes those of the messages, all of them dead letters or none
   * @param sizes the bytes of each line
   * @param isUnwritten whether a block is not stored yet, so that its row has to be written anyway
   * @param takesMore whether a block may take more messages, whatever there is in it
   * @param newBlock makes a block and enters it
   * @returns the block for the next message, which must be appended before the next is asked for
   */
  beginBatch(
    lanes: readonly Lane[],
    sizes: readonly number[],
    isUnwritten: (block: Block) => boolean,
    takesMore: (block: Block) => boolean,
    newBlock: (lane: Lane) => Block,
  ): (lane: Lane, bytes: number) => Block {
    const blockFor = (lane: Lane, messages: number, bytes: number): Block => {
      const open = this.#open.get(keyOf(lane));
      const bytesMax = open && isUnwritten(open) ? BLOCK_BYTES_MAX : APPEND_BYTES_MAX;
      const fits =
        open !== undefined &&
        open.areLetters === lane.areLetters &&
        open.count + messages <= BLOCK_MESSAGES_MAX &&
        open.bytes + bytes <= bytesMax &&
        takesMore(open);
      return fits ? open : newBlock(lane);
    };
    // Most puts are of one message.
    const [onlyLane, secondLane] = lanes;
    if (onlyLane !== undefined && secondLane === undefined) {
      const block = blockFor(onlyLane, 1, withLineFeed(sizes[0] as number));
      return () => block;
    }
    const totals = new Map<LaneKey, { lane: Lane; messages: number; bytes: number }>();
    for (const [position, lane] of lanes.entries()) {
      const key = keyOf(lane);
      const { messages, bytes } = totals.get(key) ?? { messages: 0, bytes: 0 };
      totals.set(key, { lane, messages: messages + 1, bytes: bytes + withLineFeed(sizes[position] as number) });
    }
    const blocks = new Map<LaneKey, Block>();
    for (const [key, { lane, messages, bytes }] of totals) {
      blocks.set(key, blockFor(lane, messages, bytes));
    }
    return (lane, bytes) => {
      const key = keyOf(lane);
      const block = blocks.get(key) as Block;
      if (hasRoom(block, withLineFeed(bytes))) return block;
      const next = newBlock(lane);
      blocks.set(key, next);
      return next;
    };
  }
}

function withLineFeed(lineBytes: number): number {
  return lineBytes + 1;
}

/** Whether the next message of a batch that is longer than a block still belongs in this block. */
function hasRoom(block: Block, bytes: number): boolean {
  return block.count === 0 || (block.count < BLOCK_MESSAGES_MAX && block.bytes + bytes <= BLOCK_BYTES_MAX);
}
