import type { Outcome, RedriveCommand, Refusal, Result } from "./base/commands.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { OutboundTransfers } from "./outbound-transfers.ts";
import { overloaded, unknownOutcome, unknownQueue } from "./refusals.ts";
import type { Results } from "./results.ts";
import { WaitQueue, type Waits } from "./waits.ts";

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
