import type { Refusal, Result } from "./commands.ts";

export interface Answer {
  /** Which command this answers: the number given with it. */
  ticket: number;
  result: Result;
}

/** The answers that have not been given out. */
export class Answers {
  #answers: Answer[] = [];

  add(ticket: number, result: Result): void {
    this.#answers.push({ ticket, result });
  }

  refuse(tickets: readonly number[], refusal: Refusal): void {
    for (const ticket of tickets) this.add(ticket, refusal);
  }

  take(): Answer[] {
    const answers = this.#answers;
    this.#answers = [];
    return answers;
  }
}
