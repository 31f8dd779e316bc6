import type { Outcomes } from "./jobs/outcomes.ts";
import type { Leases } from "./leases.ts";
import type { Puts } from "./puts.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import type { JobRows } from "./store/job-rows.ts";
import type { Ledger } from "./store/ledger.ts";
import type { RowTable } from "./store/row-table.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, DELAYED, GONE, type State, sumOf, TRANSFERRING, VISIBLE } from "./store/states.ts";
import type { Viewer } from "./viewer.ts";

/** What removals are made of. */
interface RemovalParts {
  ledger: Ledger;
  rows: RowTable;
  jobRows: JobRows;
  outcomes: Outcomes;
  leases: Leases;
  puts: Puts;
  viewer: Viewer;
}

/** Removes messages that are not done. Their dedupe keys are free again. */
export class Removals {
  readonly #backlog: Backlog;
  readonly #ledger: Ledger;
  readonly #rows: RowTable;
  readonly #jobRows: JobRows;
  readonly #outcomes: Outcomes;
  readonly #leases: Leases;
  readonly #puts: Puts;
  readonly #viewer: Viewer;

  constructor(backlog: Backlog, { ledger, rows, jobRows, outcomes, leases, puts, viewer }: RemovalParts) {
    this.#backlog = backlog;
    this.#ledger = ledger;
    this.#rows = rows;
    this.#jobRows = jobRows;
    this.#outcomes = outcomes;
    this.#leases = leases;
    this.#puts = puts;
    this.#viewer = viewer;
  }

  /** Removes a message, also while it is leased. False if it is not here. */
  cancel(id: string, now: number): boolean {
    const place = this.#viewer.find(id);
    const state = place?.segment.stateOf(place.index);
    // A message that is transferring may have arrived in the other queue.
    if (place === undefined || state === TRANSFERRING) return false;
    this.#leases.lose(place.segment, place.index);
    // What has failed stays so.
    if (state !== DEAD) this.#outcomes.cancelled(place, now);
    this.#purge(place, state !== DEAD);
    return true;
  }

  /** Removes messages, or outcomes of jobs, and answers how many there were. */
  purge(only: "dead" | "finished" | undefined, now: number): number {
    if (only === "dead") return this.#purgeDead();
    return only === "finished" ? this.#jobRows.purge() : this.#purgeAll(now);
  }

  /**
   * Removes every message but those that are transferring, which may have arrived in the other queue, and answers how many
   * there were.
   */
  #purgeAll(now: number): number {
    const { counts } = this.#ledger;
    const purged = sumOf(counts) - counts.transferring;
    this.#leases.loseAll();
    this.#outcomes.removing((state) => state !== GONE && state !== TRANSFERRING, now);
    const isAnyTransferring = counts.transferring > 0;
    for (const segment of [...this.#backlog.segments()]) {
      this.#freeKeys(segment, (state) => state !== TRANSFERRING);
      if (isAnyTransferring) this.#purgeWhere(segment, (state) => state !== TRANSFERRING);
    }
    if (!isAnyTransferring) this.#backlog.purge();
    return purged;
  }

  /** Removes what is dead, and answers how many there were. */
  #purgeDead(): number {
    const { dead } = this.#ledger.counts;
    for (const place of this.#backlog.places(DEAD)) this.#purge(place, false);
    return dead;
  }

  /** Removes every message that is visible or delayed. */
  discard(now: number): void {
    const { visible, delayed } = this.#ledger.counts;
    if (visible + delayed === 0) return;
    this.#outcomes.removing(isWaiting, now);
    for (const segment of [...this.#backlog.segments()]) {
      if (segment.counts.visible + segment.counts.delayed === 0) continue;
      this.#freeKeys(segment, isWaiting);
      this.#purgeWhere(segment, isWaiting);
    }
  }

  #purge({ segment, index }: PlacedMessage, isFinished: boolean): void {
    this.#freeKeysOf(segment, index);
    this.#backlog.remove(segment, index, "purged", isFinished);
  }

  #purgeWhere(segment: Segment, isMeant: (state: State) => boolean): void {
    for (let index = 0; index < segment.count; index += 1) {
      const state = segment.stateOf(index);
      if (state !== GONE && isMeant(state)) this.#backlog.remove(segment, index, "purged", state !== DEAD);
    }
  }

  /** Frees the dedupe keys of a segment's messages in some states, but not those of messages that are gone. */
  #freeKeys(segment: Segment, isMeant: (state: State) => boolean): void {
    if (!segment.holdsMoved && !this.#puts.mayHaveDedupeKeys(segment)) return;
    for (let index = 0; index < segment.count; index += 1) {
      const state = segment.stateOf(index);
      if (state !== GONE && isMeant(state)) this.#freeKeysOf(segment, index);
    }
  }

  /** The keys of a message are in the row where it was put. */
  #freeKeysOf(segment: Segment, index: number): void {
    const origin = this.#backlog.moved.originOf(segment, index);
    this.#puts.freeKeys(origin.segment, origin.index);
    if (origin.segment !== segment) this.#rows.changed(origin.segment);
  }
}

function isWaiting(state: State): boolean {
  return state === VISIBLE || state === DELAYED;
}
