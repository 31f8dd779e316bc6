import type { Arrival, RowReader } from "./rows.ts";

/** Which transfers from other queues have arrived: the last from each, because they come one after the other. */
export class Arrivals {
  readonly #reader: RowReader;
  readonly #uncommitted = new Map<string, number>();

  constructor(reader: RowReader) {
    this.#reader = reader;
  }

  has({ source, number }: Arrival): boolean {
    return number <= (this.#uncommitted.get(source) ?? this.#reader.lastArrival(source));
  }

  remember({ source, number }: Arrival): void {
    this.#uncommitted.set(source, number);
  }

  takeUncommitted(): Arrival[] {
    const arrivals = [...this.#uncommitted].map(([source, number]) => ({ source, number }));
    this.#uncommitted.clear();
    return arrivals;
  }
}
