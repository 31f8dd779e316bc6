import { BATCH_MESSAGES_MAX } from "../contract/limits.ts";
import type { RedriveCommand } from "./base/commands.ts";
import type { Transfers } from "./outbound-transfers.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import { deadLetterOf, type Payloads } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, DELAYED, VISIBLE } from "./store/states.ts";
import type { Viewer } from "./viewer.ts";

/** Dead letters looked at in one call for more that go to the same queue, once one has been found. */
const LOOKED_AT_MAX = 20_000;

/**
 * Dead letters: the messages that died in this queue, which stay in their places until somebody decides; and those
 * that came here because they died in another queue, while nobody holds them.
 */
export class DeadLetters {
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #viewer: Viewer;
  readonly #transfers: Transfers;

  constructor(backlog: Backlog, payloads: Payloads, { viewer, transfers }: { viewer: Viewer; transfers: Transfers }) {
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#viewer = viewer;
    this.#transfers = transfers;
  }

  /** How many there are. */
  get count(): number {
    let count = 0;
    for (const segment of this.#backlog.segments()) count += deadLettersIn(segment);
    return count;
  }

  /**
   * Sends dead letters back: those that came from another queue to that one, the others into their places here, or all
   * of them to the queue `to`. What goes to another queue is one transfer; what goes elsewhere than that is left for
   * the next call, and so is what would take long to find.
   */
  redrive(command: RedriveCommand, now: number): { redriven: number } | { transfer: number } | { busy: string } {
    const { ids, max, to, from } = command;
    const meant: PlacedMessage[] = [];
    let destination: string | undefined;
    let lookedAt = 0;
    for (const deadLetter of ids === undefined ? this.#all() : this.#found(ids)) {
      const source = this.#sourceOf(deadLetter);
      lookedAt += 1;
      if (from !== undefined && source !== from) continue;
      const itsDestination = to ?? source;
      destination ??= itsDestination;
      if (destination !== "" && this.#transfers.isUnderWayTo(destination)) return { busy: destination };
      if (itsDestination === destination) meant.push(deadLetter);
      if (meant.length >= (destination === "" ? max : Math.min(max, BATCH_MESSAGES_MAX))) break;
      if (lookedAt >= LOOKED_AT_MAX && meant.length > 0) break;
    }
    if (destination === undefined) return { redriven: 0 };
    if (destination === "") return { redriven: this.#revive(meant, now) };
    return { transfer: this.#transfers.begin(destination, meant, false) };
  }

  /** The queue in which it died; empty for this one. */
  #sourceOf({ segment, index }: PlacedMessage): string {
    return segment.areDeadLetters ? (deadLetterOf(this.#payloads.of(segment, index))?.queue ?? "") : "";
  }

  *#all(): Generator<PlacedMessage> {
    for (const segment of this.#backlog.segments()) {
      for (let index = 0; deadLettersIn(segment) > 0 && index < segment.count; index += 1) {
        if (isDeadLetter(segment, index)) yield { segment, index };
      }
      // There may be many segments, and of each the payloads were read.
      this.#payloads.release(segment);
    }
  }

  *#found(ids: string[]): Generator<PlacedMessage> {
    for (const id of new Set(ids)) {
      const place = this.#viewer.find(id);
      if (place !== undefined && isDeadLetter(place.segment, place.index)) yield place;
    }
  }

  /**
   * Makes dead messages visible again, with all attempts before them. Their deliveries go on counting, because a receipt
   * of an earlier one must never fit again.
   */
  #revive(deadLetters: PlacedMessage[], now: number): number {
    for (const { segment, index } of deadLetters) {
      segment.note(index, { spared: segment.attemptsOf(index), redrivenAt: now, reason: undefined });
      this.#backlog.move(segment, index, VISIBLE, now);
    }
    return deadLetters.length;
  }
}

function isDeadLetter(segment: Segment, index: number): boolean {
  const state = segment.stateOf(index);
  return state === DEAD || (segment.areDeadLetters && (state === VISIBLE || state === DELAYED));
}

function deadLettersIn({ areDeadLetters, dead, visible, delayed }: Segment): number {
  return areDeadLetters ? dead + visible + delayed : dead;
}
