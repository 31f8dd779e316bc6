import type { Problem } from "../contract/problems.ts";
import type { Caller } from "../object/caller.ts";
import type { Result } from "../queue/commands.ts";
import { problemOf } from "../requests/problem.ts";

/** Puts that share an operation, and are answered together. */
export class SharedPuts implements Caller {
  readonly #id: number;
  readonly #count: number;
  readonly #send: (line: string) => void;
  readonly #ids: (string | null)[] = [];
  readonly #problems: (Problem | null)[] = [];
  #isAnyRefused = false;

  /**
   * @param id of the operation
   * @param count how many there are
   * @param send takes their answer
   */
  constructor(id: number, count: number, send: (line: string) => void) {
    this.#id = id;
    this.#count = count;
    this.#send = send;
  }

  /** To be told in the order of the puts, which is that of their answers because none of them waits. */
  answer(_: number, result: Result): void {
    const isRefused = result.verb === "refused";
    this.#isAnyRefused ||= isRefused;
    this.#ids.push(result.verb === "put" ? (result.ids[0] ?? null) : null);
    this.#problems.push(isRefused ? problemOf(result.code, result.detail) : null);
    if (this.#ids.length < this.#count) return;
    const reply = this.#isAnyRefused ? { ids: this.#ids, problems: this.#problems } : { ids: this.#ids };
    this.#send(JSON.stringify({ id: this.#id, reply }));
  }
}
