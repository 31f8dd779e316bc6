import type { Backlog } from "./backlog.ts";
import type { Block } from "./block.ts";
import type { Totals } from "./rows.ts";
import { DEAD, VISIBLE } from "./standings.ts";
import type { Viewer } from "./viewer.ts";

/** The messages that were delivered as often as they may be. They stay in their places until somebody decides. */
export class DeadLetters {
  readonly #backlog: Backlog;
  readonly #viewer: Viewer;
  readonly #totals: Totals;

  constructor(backlog: Backlog, viewer: Viewer, totals: Totals) {
    this.#backlog = backlog;
    this.#viewer = viewer;
    this.#totals = totals;
  }

  /**
   * Makes dead messages visible again, in their places, as if they had not been delivered yet. Their attempts go on
   * counting, because a receipt of an earlier one must never fit again. Answers how many.
   */
  redrive(ids: string[] | undefined, max: number, now: number): number {
    const places = ids === undefined ? this.#places(max) : ids.flatMap((id) => this.#viewer.find(id) ?? []);
    let redriven = 0;
    for (const { block, index } of places) {
      if (block.standingOf(index) !== DEAD) continue;
      block.note(index, { spared: block.attemptsOf(index), redrivenAt: now, reason: undefined });
      this.#backlog.move(block, index, VISIBLE, now);
      redriven += 1;
    }
    this.#totals.unfinished += redriven;
    return redriven;
  }

  /** Removes them all and answers how many there were. */
  purge(): number {
    const places = this.#places(Number.POSITIVE_INFINITY);
    for (const { block, index } of places) this.#backlog.remove(block, index);
    this.#totals.purged += places.length;
    return places.length;
  }

  #places(max: number): { block: Block; index: number }[] {
    const places: { block: Block; index: number }[] = [];
    for (const block of this.#backlog.blocks()) {
      for (let index = 0; block.dead > 0 && index < block.count; index += 1) {
        if (places.length === max) return places;
        if (block.standingOf(index) === DEAD) places.push({ block, index });
      }
    }
    return places;
  }
}
