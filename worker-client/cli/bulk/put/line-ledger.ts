/** Which lines of an input have been put. */

/** A batch of lines, from `first` to `last`, that is not among the lines that were certainly put before it. */
export interface LineRange {
  first: number;
  last: number;
  /** Whether it was put, or may have been: its answer is not known. */
  isPut: boolean;
  /** When it was first sent, in milliseconds since 1970. */
  sentAt: number;
  /** The digest of all lines of the input up to `last`. */
  digest: string;
}

/** What is known of the lines of one input. */
export interface LineState {
  /** All lines up to this one were put, or left out. */
  through: number;
  /** The digest of these lines. */
  digest: string;
  /** The batches behind it, in their order: those that were put before an earlier one, and those whose outcome is unknown. */
  later: LineRange[];
}

/** Keeps account of the lines of one input. */
export class LineLedger {
  #through: number;
  #digest: string;
  readonly #later = new Map<number, LineRange>();

  constructor({ through, digest, later }: LineState) {
    this.#through = through;
    this.#digest = digest;
    for (const range of later) this.#later.set(range.first, range);
  }

  /** The batch is about to be sent. One that was sent before, by an earlier run, keeps the time of that. */
  sent(range: Omit<LineRange, "isPut" | "sentAt">, now: number): void {
    const sentAt = this.#later.get(range.first)?.sentAt ?? now;
    this.#later.set(range.first, { ...range, sentAt, isPut: false });
  }

  /** The batch was put. */
  put(first: number): void {
    const range = this.#later.get(first);
    if (range !== undefined) this.#later.set(first, { ...range, isPut: true });
    this.#advance();
  }

  /** The batch was certainly not put. */
  refused(first: number): void {
    this.#later.delete(first);
  }

  #advance(): void {
    for (;;) {
      const next = this.#later.get(this.#through + 1);
      if (next === undefined || !next.isPut) return;
      this.#later.delete(next.first);
      this.#through = next.last;
      this.#digest = next.digest;
    }
  }

  get state(): LineState {
    const later = [...this.#later.values()].sort((a, b) => a.first - b.first);
    return { through: this.#through, digest: this.#digest, later };
  }

  /** Whether all that was put are the first lines: their number alone says where to go on. */
  get isWhole(): boolean {
    return this.#later.size === 0;
  }

  get through(): number {
    return this.#through;
  }
}
