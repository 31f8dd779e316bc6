import type { Backlog, PlacedMessage } from "./backlog.ts";
import type { Block } from "./block.ts";
import type { RedriveCommand } from "./commands.ts";
import type { Totals } from "./rows.ts";
import { DEAD, DELAYED, VISIBLE } from "./standings.ts";
import type { Transfers } from "./transfers.ts";
import type { Viewer } from "./viewer.ts";

/**
 * Dead letters: the messages that died in this queue, which stay in their places until somebody decides; and those
 * that came here because they died in another queue, while nobody holds them.
 */
export class DeadLetters {
  readonly #backlog: Backlog;
  readonly #viewer: Viewer;
  readonly #transfers: Transfers;
  readonly #totals: Totals;

  constructor(backlog: Backlog, viewer: Viewer, transfers: Transfers, totals: Totals) {
    this.#backlog = backlog;
    this.#viewer = viewer;
    this.#transfers = transfers;
    this.#totals = totals;
  }

  /** How many there are. */
  get count(): number {
    let count = 0;
    for (const block of this.#backlog.blocks()) count += lettersIn(block);
    return count;
  }

  /**
   * Sends dead letters back: those that came from another queue to that one, the others into their places here, or all
   * of them to the queue `to`. What goes to another queue is one transfer; what goes elsewhere than that is left for
   * the next call. "busy" while an earlier transfer to that queue is under way.
   */
  redrive({ ids, max, to }: RedriveCommand, now: number): { redriven: number } | { transfer: number } | "busy" {
    const meant: PlacedMessage[] = [];
    let destination: string | undefined;
    for (const letter of ids === undefined ? this.#all() : this.#found(ids)) {
      if (meant.length === max) break;
      const itsDestination = to ?? letter.block.source;
      destination ??= itsDestination;
      if (itsDestination === destination) meant.push(letter);
    }
    if (destination === undefined) return { redriven: 0 };
    if (destination === "") return { redriven: this.#revive(meant, now) };
    if (this.#transfers.isUnderWayTo(destination)) return "busy";
    return { transfer: this.#transfers.begin(destination, meant, false) };
  }

  /** Removes those that died here and answers how many there were. */
  purge(): number {
    const places = [...this.#backlog.places(DEAD)];
    for (const { block, index } of places) this.#backlog.remove(block, index);
    this.#totals.purged += places.length;
    return places.length;
  }

  *#all(): Generator<PlacedMessage> {
    for (const block of this.#backlog.blocks()) {
      for (let index = 0; lettersIn(block) > 0 && index < block.count; index += 1) {
        if (isLetter(block, index)) yield { block, index };
      }
    }
  }

  *#found(ids: string[]): Generator<PlacedMessage> {
    for (const id of new Set(ids)) {
      const place = this.#viewer.find(id);
      if (place !== undefined && isLetter(place.block, place.index)) yield place;
    }
  }

  /**
   * Makes dead messages visible again, as if they had not been delivered yet. Their attempts go on counting, because a
   * receipt of an earlier one must never fit again.
   */
  #revive(letters: PlacedMessage[], now: number): number {
    for (const { block, index } of letters) {
      block.note(index, { spared: block.attemptsOf(index), redrivenAt: now, reason: undefined });
      this.#backlog.move(block, index, VISIBLE, now);
    }
    this.#totals.unfinished += letters.length;
    return letters.length;
  }
}

function isLetter(block: Block, index: number): boolean {
  const standing = block.standingOf(index);
  return standing === DEAD || (block.source !== "" && (standing === VISIBLE || standing === DELAYED));
}

function lettersIn({ source, dead, visible, delayed }: Block): number {
  return source === "" ? dead : dead + visible + delayed;
}
