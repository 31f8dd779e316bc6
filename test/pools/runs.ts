import { readdirSync, readFileSync } from "node:fs";

/** What the processes of a run have written down: which items they have begun. */
export class Runs {
  readonly #folder: string;
  /** How often each item was begun. */
  readonly #begun = new Map<number, number>();
  /** How many bytes of each file were read. */
  readonly #readBytes = new Map<string, number>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads what came since the last call. */
  refresh(): void {
    for (const pid of readdirSync(this.#folder)) {
      const text = readFileSync(`${this.#folder}/${pid}`, "latin1");
      const from = this.#readBytes.get(pid) ?? 0;
      // A line that is not finished yet is read with the next call.
      const to = text.lastIndexOf("\n") + 1;
      this.#readBytes.set(pid, to);
      for (const line of text.slice(from, to).split("\n").slice(0, -1)) {
        const n = Number(line);
        this.#begun.set(n, (this.#begun.get(n) ?? 0) + 1);
      }
    }
  }

  /** How many items were begun, each counted once. */
  get items(): number {
    return this.#begun.size;
  }

  /** How many items were begun more than once. */
  get repeated(): number {
    return [...this.#begun.values()].filter((count) => count > 1).length;
  }

  /** How often one item was begun at most. */
  get mostOfOne(): number {
    return Math.max(0, ...this.#begun.values());
  }

  /** The ids of all processes that have begun an item. */
  get processes(): number[] {
    return readdirSync(this.#folder).map(Number);
  }
}
