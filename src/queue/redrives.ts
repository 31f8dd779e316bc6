import type { Answers } from "./answers.ts";
import type { Outcome, RedriveCommand, Refusal } from "./commands.ts";
import type { Messages } from "./messages.ts";

/** Redrives dead letters. Who redrives them to another queue waits until they have arrived. */
export class Redrives {
  readonly #answers: Answers;
  /** By the number of the transfer that is waited for. */
  readonly #waiting = new Map<number, number>();
  /** Those for which an earlier transfer to the same queue must arrive first. */
  #postponed: { ticket: number; command: RedriveCommand }[] = [];

  constructor(answers: Answers) {
    this.#answers = answers;
  }

  redrive(ticket: number, command: RedriveCommand, messages: Messages, now: number): void {
    const outcome = messages.deadLetters.redrive(command, now);
    if (outcome === "busy") this.#postponed.push({ ticket, command });
    else if ("transfer" in outcome) this.#waiting.set(outcome.transfer, ticket);
    else this.#answers.add(ticket, { verb: "redrive", ...outcome, left: messages.deadLetters.count });
  }

  /** @param refusal why nothing was moved, or that nobody knows; undefined when it was */
  settle(number: number, outcome: Outcome, refusal: Refusal | undefined, messages: Messages, now: number): void {
    const redriven = messages.transfers.settle(number, outcome, now);
    const ticket = this.#waiting.get(number);
    this.#waiting.delete(number);
    if (ticket !== undefined && refusal !== undefined) this.#answers.refuse([ticket], refusal);
    else if (ticket !== undefined)
      this.#answers.add(ticket, { verb: "redrive", redriven, left: messages.deadLetters.count });
    // Nobody knows when the earlier transfer will have arrived.
    if (outcome === "unknown" && refusal !== undefined) this.#answers.refuse(this.#takePostponed(), refusal);
    const postponed = this.#postponed;
    this.#postponed = [];
    for (const { ticket, command } of postponed) this.redrive(ticket, command, messages, now);
  }

  #takePostponed(): number[] {
    const tickets = this.#postponed.map(({ ticket }) => ticket);
    this.#postponed = [];
    return tickets;
  }

  /** Tells all who wait that nothing will come of it. */
  dismiss(refusal: Refusal): void {
    this.#answers.refuse([...this.#waiting.values(), ...this.#takePostponed()], refusal);
    this.#waiting.clear();
  }
}
