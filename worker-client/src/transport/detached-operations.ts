interface DetachedOperation {
  /** Whether its answer is waited for, because it may bring messages that have to be given back. */
  mayBringMessages: boolean;
  /** Of what kind it is, if it may be waiting at the server. */
  waitKind: string | undefined;
}

/** Operations whose caller has an answer, or wants none, but that the server may still have. */
export class DetachedOperations {
  readonly #entries = new Map<number, DetachedOperation & { at: number }>();
  #messagesExpected = 0;

  /** Whether any answer is waited for. */
  get mayBringMessages(): boolean {
    return this.#messagesExpected > 0;
  }

  add(id: number, entry: DetachedOperation): void {
    if (entry.mayBringMessages) this.#messagesExpected += 1;
    this.#entries.set(id, { ...entry, at: performance.now() });
  }

  has(id: number): boolean {
    return this.#entries.has(id);
  }

  /** It was answered. */
  take(id: number): DetachedOperation | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    if (entry.mayBringMessages) this.#messagesExpected -= 1;
    return entry;
  }

  /** Forgets those that were abandoned before, and answers for what they waited. */
  takeOlderThan(before: number): string[] {
    const kinds: string[] = [];
    for (const [id, { at, waitKind }] of this.#entries) {
      if (at >= before) break;
      this.take(id);
      if (waitKind !== undefined) kinds.push(waitKind);
    }
    return kinds;
  }

  clear(): void {
    this.#entries.clear();
    this.#messagesExpected = 0;
  }
}
