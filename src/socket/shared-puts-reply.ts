import { problemOf } from "../api/check/problem-error.ts";
import type { Responder } from "../api/responder.ts";
import type { Problem } from "../contract/problems.ts";
import type { Result } from "../queue/base/commands.ts";

/** Collects the results of puts that share an operation into one reply. */
export class SharedPutsReply implements Responder {
  readonly #id: number;
  readonly #firstRequestId: number;
  readonly #send: (line: string) => void;
  readonly #ids: (string | null)[];
  readonly #problems: (Problem | null)[];
  #unanswered: number;
  #isAnyRefused = false;
  readonly #duplicates: number[] = [];

  /**
   * @param id the id of the operation
   * @param firstRequestId the request id of the first put; those of the others follow one another
   * @param count the number of puts
   * @param send sends the reply
   */
  constructor(id: number, firstRequestId: number, count: number, send: (line: string) => void) {
    this.#id = id;
    this.#firstRequestId = firstRequestId;
    this.#send = send;
    this.#ids = new Array<null>(count).fill(null);
    this.#problems = new Array<null>(count).fill(null);
    this.#unanswered = count;
  }

  /** Results come in any order: a put may join an earlier try of itself, which waits. */
  answer(requestId: number, result: Result): void {
    const index = requestId - this.#firstRequestId;
    if (result.verb === "put") {
      this.#ids[index] = result.ids[0] ?? null;
      if (result.duplicates !== undefined) this.#duplicates.push(index);
    } else if (result.verb === "refused") {
      this.#problems[index] = problemOf(result.code, result.detail);
      this.#isAnyRefused = true;
    }
    this.#unanswered -= 1;
    if (this.#unanswered > 0) return;
    const duplicates = this.#duplicates.length > 0 ? this.#duplicates.sort((a, b) => a - b) : undefined;
    const problems = this.#isAnyRefused ? this.#problems : undefined;
    this.#send(JSON.stringify({ id: this.#id, reply: { ids: this.#ids, duplicates, problems } }));
  }
}
