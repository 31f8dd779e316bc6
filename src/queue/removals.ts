import type { Leases } from "./leases.ts";
import type { Puts } from "./puts.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import type { Ledger } from "./store/ledger.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, DELAYED, GONE, type State, sumOf, TRANSFERRING, VISIBLE } from "./store/states.ts";
import type { Viewer } from "./viewer.ts";

/** What removals are made of. */
interface RemovalParts {
  ledger: Ledger;
  leases: Leases;
  puts: Puts;
  viewer: Viewer;
}

/** Removes messages that are not done. Their dedupe keys are free again. */
export class Removals {
  readonly #backlog: Backlog;
  readonly #ledger: Ledger;
  readonly #leases: Leases;
  readonly #puts: Puts;
  readonly #viewer: Viewer;

  constructor(backlog: Backlog, { ledger, leases, puts, viewer }: RemovalParts) {
    this.#backlog = backlog;
    this.#ledger = ledger;
    this.#leases = leases;
    this.#puts = puts;
    this.#viewer = viewer;
  }

  /** Removes a message, also while it is leased. False if it is not here. */
  cancel(id: string): boolean {
    const place = this.#viewer.find(id);
    const state = place?.segment.stateOf(place.index);
    // A message that is transferring may have arrived in the other queue.
    if (place === undefined || state === TRANSFERRING) return false;
    this.#leases.lose(place.segment, place.index);
    this.#purge(place, state !== DEAD);
    return true;
  }

  /** Removes every message but those that are transferring, and answers how many there were. */
  purge(): number {
    const { counts } = this.#ledger;
    const purged = sumOf(counts) - counts.transferring;
    this.#leases.loseAll();
    this.#backlog.purge((segment) => this.#freeKeys(segment, (state) => state !== TRANSFERRING));
    return purged;
  }

  /** Removes what is dead, and answers how many there were. */
  purgeDead(): number {
    const { dead } = this.#ledger.counts;
    for (const place of this.#backlog.places(DEAD)) this.#purge(place, false);
    return dead;
  }

  /** Removes every message that is visible or delayed. */
  discard(): void {
    const { visible, delayed } = this.#ledger.counts;
    if (visible + delayed === 0) return;
    for (const segment of [...this.#backlog.segments()]) {
      if (segment.counts.visible + segment.counts.delayed === 0) continue;
      this.#freeKeys(segment, (state) => state === VISIBLE || state === DELAYED);
      this.#backlog.purgeWaiting(segment);
    }
  }

  #purge({ segment, index }: PlacedMessage, isFinished: boolean): void {
    this.#puts.freeKeys(segment, index);
    this.#backlog.remove(segment, index, "purged", isFinished);
  }

  /** Frees the dedupe keys of a segment's messages in some states, but not those of messages that are gone. */
  #freeKeys(segment: Segment, isMeant: (state: State) => boolean): void {
    if (!this.#puts.mayHaveDedupeKeys(segment)) return;
    for (let index = 0; index < segment.count; index += 1) {
      const state = segment.stateOf(index);
      if (state !== GONE && isMeant(state)) this.#puts.freeKeys(segment, index);
    }
  }
}
