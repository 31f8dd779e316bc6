import { answerTo, numberOf, tasks } from "./task.ts";

const FIRST_SIZE = 1_048_576;

/** Takes in numbered messages and knows when it has all of a range. */
export class Collector {
  /** By their numbers. An array of bytes, because a set of so many would cost more than the clients that are measured. */
  #seen = new Uint8Array(FIRST_SIZE);
  #count = 0;
  readonly #isRight: (body: string) => boolean;
  #awaited = Number.POSITIVE_INFINITY;
  #settle: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;
  duplicates = 0;

  constructor(isRight: (body: string) => boolean) {
    this.#isRight = isRight;
  }

  /** Kept as soon as that many different messages have come in since the beginning. Rejected by a wrong one. */
  until(count: number): Promise<void> {
    return new Promise((settle, fail) => {
      this.#awaited = count;
      this.#settle = settle;
      this.#fail = fail;
      this.#check();
    });
  }

  take(body: string): void {
    const number = numberOf(body);
    if (!this.#isRight(body)) this.#fail(new Error(`A message is not what it should be: ${body}`));
    if (number >= this.#seen.length) this.#grow(number);
    if (this.#seen[number] === 1) this.duplicates += 1;
    else this.#count += 1;
    this.#seen[number] = 1;
    this.#check();
  }

  #grow(number: number): void {
    const seen = new Uint8Array(Math.max(2 * this.#seen.length, number + 1));
    seen.set(this.#seen);
    this.#seen = seen;
  }

  #check(): void {
    if (this.#count >= this.#awaited) this.#settle();
  }
}

export function isTask(body: string): boolean {
  const number = numberOf(body);
  return tasks(number, number + 1)[0] === body;
}

export function isAnswer(body: string): boolean {
  return answerTo(body) === body;
}
