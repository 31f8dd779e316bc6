import { BATCH_MESSAGES_MAX } from "../contract/limits.ts";
import type { Outcome, RedriveCommand, Refusal, Result } from "./base/commands.ts";
import { outOfReach, overloaded, unknownOutcome, unknownQueue } from "./base/refusals.ts";
import type { OutboundTransfers } from "./outbound-transfers.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import { attemptsOf } from "./store/attempts.ts";
import { deadLetterOf } from "./store/payload-text.ts";
import type { Payloads } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, DELAYED, VISIBLE } from "./store/states.ts";
import type { Viewer } from "./viewer.ts";
import type { Results } from "./waiting/results.ts";
import { WaitQueue, type Waits } from "./waiting/waits.ts";

/** Redrives that wait for an earlier one. What comes beyond these is refused. */
const POSTPONED_MAX = 1_000;

interface Redrive {
  kind: "redrive";
  requestIds: [requestId: number];
}

/** A redrive that waits until its transfer has arrived. */
interface SentRedrive extends Redrive {
  transfer: number;
}

/** A redrive that waits until an earlier transfer to the same queue has arrived. */
interface PostponedRedrive extends Redrive {
  command: RedriveCommand;
  to: string;
}

/** Redrives dead letters. A redrive to another queue is answered when the messages have arrived there. */
export class Redrives {
  readonly #deadLetters: DeadLetters;
  readonly #transfers: OutboundTransfers;
  readonly #results: Results;
  readonly #sent: WaitQueue<SentRedrive>;
  readonly #postponed: WaitQueue<PostponedRedrive>;

  constructor(
    { deadLetters, outboundTransfers }: { deadLetters: DeadLetters; outboundTransfers: OutboundTransfers },
    { waits, results }: { waits: Waits; results: Results },
  ) {
    this.#deadLetters = deadLetters;
    this.#transfers = outboundTransfers;
    this.#results = results;
    this.#sent = new WaitQueue(waits);
    this.#postponed = new WaitQueue(waits);
  }

  /** Undefined for a redrive that waits. */
  redrive(requestId: number, command: RedriveCommand, now: number): Result | undefined {
    const outcome = this.#deadLetters.redrive(command, now);
    const wait: Redrive = { kind: "redrive", requestIds: [requestId] };
    if ("redriven" in outcome) return { verb: "redrive", ...outcome, left: this.#deadLetters.count };
    if ("outOfReach" in outcome) return outOfReach(outcome.outOfReach);
    if ("transfer" in outcome) this.#sent.add({ ...wait, transfer: outcome.transfer });
    else if (this.#postponed.size < POSTPONED_MAX) this.#postponed.add({ ...wait, command, to: outcome.busy });
    else return overloaded(`${POSTPONED_MAX} redrives wait for an earlier one to arrive`);
    return undefined;
  }

  /** @param refusal why nothing was moved, or that the outcome is not known; undefined if the messages were moved */
  applyOutcome(number: number, outcome: Outcome, refusal: Refusal | undefined, now: number): void {
    const to = this.#transfers.destinationOf(number);
    const redriven = this.#transfers.applyOutcome(number, outcome, now);
    for (const { requestIds } of this.#sent.takeWhere(({ transfer }) => transfer === number)) {
      if (refusal !== undefined) this.#results.refuse(requestIds, refusal);
      else this.#results.add(requestIds[0], { verb: "redrive", redriven, left: this.#deadLetters.count });
    }
    for (const { requestIds, command } of this.#postponed.takeWhere((postponed) => postponed.to === to)) {
      // After an unknown outcome it is not known when the earlier transfer will have arrived.
      const isUnknown = outcome === "unknown" && refusal !== undefined;
      const result = isUnknown ? refusal : this.redrive(requestIds[0], command, now);
      if (result !== undefined) this.#results.add(requestIds[0], result);
    }
  }

  /** The queue was deleted. What was sent to another one may arrive there all the same. */
  refuseAll(): void {
    for (const { requestIds } of this.#sent.takeAll()) this.#results.refuse(requestIds, unknownOutcome());
    for (const { requestIds } of this.#postponed.takeAll()) this.#results.refuse(requestIds, unknownQueue());
  }
}

/** What a redrive has come to: `busy` and `outOfReach` are names of other queues. */
type Redriven = { redriven: number } | { transfer: number } | { busy: string } | { outOfReach: string };

/** Dead letters looked at in one call for more that go to the same queue, once one has been found. */
const LOOKED_AT_MAX = 20_000;

/**
 * Dead letters: the messages that died in this queue, which stay in their places until they are redriven, purged or
 * sent on; and those that came here because they died in another queue, while they are not leased.
 */
export class DeadLetters {
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #viewer: Viewer;
  readonly #transfers: OutboundTransfers;

  constructor(
    backlog: Backlog,
    payloads: Payloads,
    { viewer, transfers }: { viewer: Viewer; transfers: OutboundTransfers },
  ) {
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
   * the next call, and so is what would take long to find. What would go to a queue out of the caller's reach stays here.
   */
  redrive(command: RedriveCommand, now: number): Redriven {
    const { ids, max, to, from, reach } = command;
    const meant: PlacedMessage[] = [];
    let destination: string | undefined;
    let outOfReach: string | undefined;
    let lookedAt = 0;
    for (const deadLetter of ids === undefined ? this.#all() : this.#found(ids)) {
      const source = this.#sourceOf(deadLetter);
      lookedAt += 1;
      if (from !== undefined && source !== from) continue;
      const itsDestination = to ?? source;
      if (!isWithin(reach, itsDestination)) {
        outOfReach ??= itsDestination;
        continue;
      }
      destination ??= itsDestination;
      if (destination !== "" && this.#transfers.isUnderWayTo(destination)) return { busy: destination };
      if (itsDestination === destination) meant.push(deadLetter);
      if (meant.length >= (destination === "" ? max : Math.min(max, BATCH_MESSAGES_MAX))) break;
      if (lookedAt >= LOOKED_AT_MAX && meant.length > 0) break;
    }
    if (destination === undefined) return outOfReach === undefined ? { redriven: 0 } : { outOfReach };
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
      segment.note(index, { spared: attemptsOf(segment, index), redrivenAt: now, reason: undefined });
      this.#backlog.move(segment, index, VISIBLE, now);
    }
    return deadLetters.length;
  }
}

/** @param queue empty for this queue, which the caller reaches */
function isWithin(reach: RedriveCommand["reach"], queue: string): boolean {
  return reach === undefined || queue === "" || reach.some((prefix) => queue.startsWith(prefix));
}

function isDeadLetter(segment: Segment, index: number): boolean {
  const state = segment.stateOf(index);
  return state === DEAD || (segment.areDeadLetters && (state === VISIBLE || state === DELAYED));
}

function deadLettersIn({ areDeadLetters, counts: { dead, visible, delayed } }: Segment): number {
  return areDeadLetters ? dead + visible + delayed : dead;
}
