import type { Outcome, RedriveCommand, Refusal } from "./base/commands.ts";
import type { Messages } from "./messages.ts";
import { overloaded, unknownOutcome, unknownQueue } from "./refusals.ts";
import type { Results } from "./results.ts";

/** Redrives that wait for an earlier one. What comes beyond these is refused. */
const POSTPONED_MAX = 1_000;

/** Redrives dead letters. Who redrives them to another queue waits until they have arrived. */
export class Redrives {
  readonly #results: Results;
  /** By the number of the transfer that is waited for. */
  readonly #waiting = new Map<number, number>();
  /** Those for which an earlier transfer to the same queue must arrive first. */
  #postponed: { requestId: number; command: RedriveCommand; to: string }[] = [];

  constructor(results: Results) {
    this.#results = results;
  }

  redrive(requestId: number, command: RedriveCommand, messages: Messages, now: number): void {
    const outcome = messages.deadLetters.redrive(command, now);
    if ("busy" in outcome && this.#postponed.length >= POSTPONED_MAX) {
      this.#results.refuse([requestId], overloaded(`${POSTPONED_MAX} redrives wait for an earlier one to arrive`));
    } else if ("busy" in outcome) this.#postponed.push({ requestId, command, to: outcome.busy });
    else if ("transfer" in outcome) this.#waiting.set(outcome.transfer, requestId);
    else this.#results.add(requestId, { verb: "redrive", ...outcome, left: messages.deadLetters.count });
  }

  /** Forgets redrives whose callers are gone. What is under way arrives all the same. */
  leave(requestIds: ReadonlySet<number>): void {
    this.#postponed = this.#postponed.filter(({ requestId }) => !requestIds.has(requestId));
    for (const [number, requestId] of this.#waiting) if (requestIds.has(requestId)) this.#waiting.delete(number);
  }

  /** @param refusal why nothing was moved, or that nobody knows; undefined when it was */
  applyOutcome(number: number, outcome: Outcome, refusal: Refusal | undefined, messages: Messages, now: number): void {
    const to = messages.transfers.destinationOf(number);
    const redriven = messages.transfers.applyOutcome(number, outcome, now);
    const requestId = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (requestId !== undefined && refusal !== undefined) this.#results.refuse([requestId], refusal);
    else if (requestId !== undefined)
      this.#results.add(requestId, { verb: "redrive", redriven, left: messages.deadLetters.count });
    const freed = this.#postponed.filter((postponed) => postponed.to === to);
    this.#postponed = this.#postponed.filter((postponed) => postponed.to !== to);
    for (const { requestId, command } of freed) {
      // Nobody knows when the earlier transfer will have arrived.
      if (outcome === "unknown" && refusal !== undefined) this.#results.refuse([requestId], refusal);
      else this.redrive(requestId, command, messages, now);
    }
  }

  /** The queue was deleted. What was sent to another one may arrive there all the same. */
  dismiss(): void {
    this.#results.refuse([...this.#waiting.values()], unknownOutcome());
    this.#results.refuse(
      this.#postponed.map(({ requestId }) => requestId),
      unknownQueue(),
    );
    this.#waiting.clear();
    this.#postponed = [];
  }
}
