import { onTestFinished } from "vitest";

/** The queues of the test that runs: time passes for them together. Tests of one level run one after the other. */
export class CurrentQueues {
  #names: string[] = [];

  /** Adds a queue that a test makes. */
  add(name: string): void {
    if (this.#names.length === 0) onTestFinished(() => this.#clear());
    this.#names.push(name);
  }

  get names(): readonly string[] {
    return this.#names;
  }

  #clear(): void {
    this.#names = [];
  }
}
