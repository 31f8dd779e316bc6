import type { Arrival, RowReader } from "./rows.ts";

/** What became of the last transfer from each other queue. Those before it nobody asks about any more. */
export class Arrivals {
  readonly #reader: RowReader;
  readonly #uncommitted = new Map<string, Arrival>();

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  /**
   * What became of a transfer; undefined for one that is new. A refusal is remembered too: a try that was on its way for
   * a long time must not come in after another one was refused, because the sender has the messages back then.
   */
  outcomeOf(source: string, number: number): "accepted" | "refused" | undefined {
    const last = this.#uncommitted.get(source) ?? this.#reader.lastArrival(source);
    if (last === undefined || number > last.number) return undefined;
    return number === last.number && last.isRefused ? "refused" : "accepted";
  }

  remember(arrival: Arrival): void {
    this.#uncommitted.set(arrival.source, arrival);
  }

  get areUncommitted(): boolean {
    return this.#uncommitted.size > 0;
  }

  takeUncommitted(): Arrival[] {
    const arrivals = [...this.#uncommitted.values()];
    this.#uncommitted.clear();
    return arrivals;
  }
}
