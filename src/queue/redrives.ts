import type { Outcome, RedriveCommand, Refusal } from "./base/commands.ts";
import type { Messages } from "./messages.ts";
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
  readonly #results: Results;
  readonly #sent: WaitQueue<SentRedrive>;
  readonly #postponed: WaitQueue<PostponedRedrive>;

  constructor(waits: Waits, results: Results) {
    this.#results = results;
    this.#sent = new WaitQueue(waits);
    this.#postponed = new WaitQueue(waits);
  }

  redrive(requestId: number, command: RedriveCommand, messages: Messages, now: number): void {
    const outcome = messages.deadLetters.redrive(command, now);
    const wait: Redrive = { kind: "redrive", requestIds: [requestId] };
    if ("busy" in outcome && this.#postponed.size >= POSTPONED_MAX) {
      this.#results.refuse([requestId], overloaded(`${POSTPONED_MAX} redrives wait for an earlier one to arrive`));
    } else if ("busy" in outcome) this.#postponed.add({ ...wait, command, to: outcome.busy });
    else if ("transfer" in outcome) this.#sent.add({ ...wait, transfer: outcome.transfer });
    else this.#results.add(requestId, { verb: "redrive", ...outcome, left: messages.deadLetters.count });
  }

  /** @param refusal why nothing was moved, or that the outcome is not known; undefined if the messages were moved */
  applyOutcome(number: number, outcome: Outcome, refusal: Refusal | undefined, messages: Messages, now: number): void {
    const to = messages.transfers.destinationOf(number);
    const redriven = messages.transfers.applyOutcome(number, outcome, now);
    for (const { requestIds } of this.#sent.takeWhere(({ transfer }) => transfer === number)) {
      if (refusal !== undefined) this.#results.refuse(requestIds, refusal);
      else this.#results.add(requestIds[0], { verb: "redrive", redriven, left: messages.deadLetters.count });
    }
    for (const { requestIds, command } of this.#postponed.takeWhere((postponed) => postponed.to === to)) {
      // It is not known when the earlier transfer will have arrived.
      if (outcome === "unknown" && refusal !== undefined) this.#results.refuse(requestIds, refusal);
      else this.redrive(requestIds[0], command, messages, now);
    }
  }

  /** The queue was deleted. What was sent to another one may arrive there all the same. */
  dismiss(): void {
    for (const { requestIds } of this.#sent.takeAll()) this.#results.refuse(requestIds, unknownOutcome());
    for (const { requestIds } of this.#postponed.takeAll()) this.#results.refuse(requestIds, unknownQueue());
  }
}
