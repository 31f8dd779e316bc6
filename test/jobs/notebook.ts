import { appendFileSync, existsSync, readFileSync } from "node:fs";

/** What a caller saw of the end of a job. */
export interface Seen {
  n: number;
  state: "done" | "failed" | "cancelled";
  /** Of a job that is done. */
  result?: unknown;
  /** Of one that has failed: the name and the message of its error. */
  error?: string | undefined;
}

/** One line: ids of jobs whose numbers follow each other, or what was seen. */
type Line = { from: number; ids: string[] } | { seen: Seen };

/** What a producer writes down before it goes on, so that the next one, after it was killed, knows it. */
export class Notebook {
  readonly #path: string;
  /** By the numbers of jobs. */
  readonly ids = new Map<number, string>();
  readonly seen = new Map<number, Seen>();
  /** What cannot be: a job with two ids, or with two ends. */
  readonly faults: string[] = [];

  /** Reads what is in the file, if there is one. */
  constructor(path: string) {
    this.#path = path;
    const text = existsSync(path) ? readFileSync(path, "utf8") : "";
    // A line that was not finished was not written down.
    for (const line of text.split("\n").slice(0, -1)) this.#take(JSON.parse(line) as Line);
  }

  submitted(from: number, ids: string[]): void {
    this.#write({ from, ids });
  }

  ended(seen: Seen): void {
    this.#write({ seen });
  }

  #write(line: Line): void {
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
    this.#take(line);
  }

  #take(line: Line): void {
    if ("seen" in line) {
      const { seen } = line;
      const before = this.seen.get(seen.n);
      if (before !== undefined && JSON.stringify(before) !== JSON.stringify(seen)) {
        this.faults.push(`job ${seen.n} had two ends: ${JSON.stringify(before)}, ${JSON.stringify(seen)}`);
      }
      this.seen.set(seen.n, seen);
      return;
    }
    for (const [index, id] of line.ids.entries()) {
      const n = line.from + index;
      const before = this.ids.get(n) ?? id;
      if (before !== id) this.faults.push(`job ${n} was submitted twice: ${before}, ${id}`);
      this.ids.set(n, id);
    }
  }
}
