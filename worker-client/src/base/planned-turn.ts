import { turn } from "./platform.ts";

/** Runs something once, when the present turn of the event loop is over, however often that is asked for in it. */
export class PlannedTurn {
  readonly #run: () => void;
  #isPlanned = false;

  constructor(run: () => void) {
    this.#run = run;
  }

  plan(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    turn(() => {
      this.#isPlanned = false;
      this.#run();
    });
  }
}
