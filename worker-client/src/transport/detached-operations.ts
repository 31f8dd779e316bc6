interface Entry {
  /** Whether its answer is waited for, because it may bring messages that have to be given back. */
  holds: boolean;
  /** Of what kind it is, if it may be waiting at the server. */
  waitsFor: string | undefined;
}

/** Operations whose caller has an answer, or wants none, but that the server may still have. */
export class Abandoned {
  readonly #entries = new Map<number, Entry & { at: number }>();
  #holding = 0;

  /** Whether any answer is waited for. */
  get holds(): boolean {
    return this.#holding > 0;
  }

  add(id: number, entry: Entry): void {
    if (entry.holds) this.#holding += 1;
    this.#entries.set(id, { ...entry, at: performance.now() });
  }

  has(id: number): boolean {
    return this.#entries.has(id);
  }

  /** It was answered. */
  take(id: number): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    if (entry.holds) this.#holding -= 1;
    return entry;
  }

  /** Forgets those that were abandoned before, and answers for what they waited. */
  takeOlderThan(before: number): string[] {
    const kinds: string[] = [];
    for (const [id, { at, waitsFor }] of this.#entries) {
      if (at >= before) break;
      this.take(id);
      if (waitsFor !== undefined) kinds.push(waitsFor);
    }
    return kinds;
  }

  clear(): void {
    this.#entries.clear();
    this.#holding = 0;
  }
}
