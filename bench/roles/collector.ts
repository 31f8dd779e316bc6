import { answerTo, numberOf, tasks } from "./task.ts";

/** Takes in numbered messages and knows when it has all of a range. */
export class Collector {
  readonly #seen = new Set<number>();
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
    if (this.#seen.has(number)) this.duplicates += 1;
    this.#seen.add(number);
    this.#check();
  }

  #check(): void {
    if (this.#seen.size >= this.#awaited) this.#settle();
  }
}

export function isTask(body: string): boolean {
  const number = numberOf(body);
  return tasks(number, number + 1)[0] === body;
}

export function isAnswer(body: string): boolean {
  return answerTo(body) === body;
}
