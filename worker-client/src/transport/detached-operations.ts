interface DetachedOperation {
  /** Whether its answer is awaited, because it may contain messages to give back. */
  mayBringMessages: boolean;
  /** Its verb, if it may be waiting at the server. */
  waitKind: string | undefined;
}

/**
 * Operations without a caller any more that the server may still apply: the call was aborted, or its time has passed.
 */
export class DetachedOperations {
  readonly #entries = new Map<number, DetachedOperation & { at: number }>();
  #messagesExpected = 0;

  /** Whether an answer is awaited. */
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

  /** Removes an operation that was answered. */
  take(id: number): DetachedOperation | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    if (entry.mayBringMessages) this.#messagesExpected -= 1;
    return entry;
  }

  /** Forgets operations that were added before this time, and returns the verbs of those that waited. */
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
