/**
 * A block: up to some hundreds of messages that share one stored row.
 *
 * Its immutable part, the lines, stays in storage until somebody receives. What changes is small and of fixed size
 * per message: when it is next visible, how often it was delivered, where it stands. A block that nobody has touched
 * yet does not even hold that, so a long backlog costs memory by the block and not by the message.
 */
export const VISIBLE = 0;
export const DELAYED = 1;
export const LEASED = 2;
export const GONE = 3;
export type Standing = typeof VISIBLE | typeof DELAYED | typeof LEASED | typeof GONE;

/** Bytes of stored state per message: a double, a 32-bit count, a byte. */
const STATE_BYTES = 13;

/** How many messages of a block are in each standing. What is gone is in none. */
export interface StandingCounts {
  visible: number;
  delayed: number;
  leased: number;
}

export class Block implements StandingCounts {
  /** The row that holds this block. Rows are used again; numbers never come back. */
  readonly slot: number;
  /** Blocks are numbered in the order of their making, which is the order of delivery. */
  readonly number: number;
  /** Messages ever put in here. */
  count = 0;
  /** About the size of the lines. */
  bytes = 0;
  visible = 0;
  delayed = 0;
  leased = 0;
  /** No visible message has a lower index. */
  #firstCandidate = 0;
  /** Undefined while all messages are as they were put: visible, never delivered. */
  #state: { visibleAt: Float64Array; attempts: Uint32Array; standing: Uint8Array } | undefined;
  /** What retries left for the next attempt, by index. */
  readonly errors = new Map<number, string>();

  constructor(slot: number, number: number) {
    this.slot = slot;
    this.number = number;
  }

  /** Takes a block back from its row. */
  static restore(
    row: { slot: number; number: number; count: number; bytes: number },
    state: Uint8Array | null,
    errors: string | null,
  ): Block {
    const block = new Block(row.slot, row.number);
    block.count = row.count;
    block.bytes = row.bytes;
    if (state === null) {
      block.visible = row.count;
    } else {
      block.#decodeState(state);
    }
    if (errors !== null) {
      for (const [index, error] of JSON.parse(errors) as [number, string][]) block.errors.set(index, error);
    }
    return block;
  }

  get isEmpty(): boolean {
    return this.visible + this.delayed + this.leased === 0;
  }

  /** @param visibleAt 0 for a message that is visible at once */
  append(lineLength: number, visibleAt: number): number {
    const index = this.count;
    this.count += 1;
    this.bytes += lineLength + 1;
    if (visibleAt > 0 || this.#state !== undefined) {
      const state = this.#touch();
      state.visibleAt[index] = visibleAt;
      state.standing[index] = visibleAt > 0 ? DELAYED : VISIBLE;
    }
    if (visibleAt > 0) this.delayed += 1;
    else this.visible += 1;
    return index;
  }

  standingOf(index: number): Standing {
    if (index >= this.count) return GONE;
    return (this.#state?.standing[index] ?? VISIBLE) as Standing;
  }

  attemptsOf(index: number): number {
    return this.#state?.attempts[index] ?? 0;
  }

  /** The first visible message of a block that has one. */
  firstVisible(): number {
    let index = this.#firstCandidate;
    while (this.standingOf(index) !== VISIBLE) index += 1;
    this.#firstCandidate = index;
    return index;
  }

  /** The first message that is still here. */
  firstPresent(): number {
    let index = 0;
    while (this.standingOf(index) === GONE && index < this.count) index += 1;
    return index;
  }

  /** Counts the delivery and answers with its number. */
  deliver(index: number): number {
    const { attempts } = this.#touch();
    const attempt = (attempts[index] ?? 0) + 1;
    attempts[index] = attempt;
    return attempt;
  }

  /** Moves a message to a standing that lasts until `visibleAt`. */
  move(index: number, standing: Standing, visibleAt: number): void {
    const state = this.#touch();
    this.#count(state.standing[index] as Standing, -1);
    this.#count(standing, +1);
    state.standing[index] = standing;
    state.visibleAt[index] = visibleAt;
    if (standing === VISIBLE) this.#firstCandidate = Math.min(this.#firstCandidate, index);
    if (standing === GONE) this.errors.delete(index);
  }

  /** Counts every message as gone, for a block that will not be looked at again. */
  clear(): void {
    this.visible = 0;
    this.delayed = 0;
    this.leased = 0;
  }

  /** Makes visible what is due at `now`. Answers when the next message is, Infinity when none will be. */
  promote(now: number): number {
    const state = this.#state;
    if (state === undefined) return Number.POSITIVE_INFINITY;
    let next = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.count; index += 1) {
      const standing = state.standing[index];
      if (standing !== DELAYED && standing !== LEASED) continue;
      const visibleAt = state.visibleAt[index] as number;
      if (visibleAt <= now) this.move(index, VISIBLE, visibleAt);
      else if (visibleAt < next) next = visibleAt;
    }
    return next;
  }

  /** The state as it is stored: all times, all attempts, all standings. Null for an untouched block. */
  encodeState(): Uint8Array | null {
    if (this.#state === undefined) return null;
    const { count } = this;
    const { visibleAt, attempts, standing } = this.#state;
    const bytes = new Uint8Array(count * STATE_BYTES);
    bytes.set(new Uint8Array(visibleAt.buffer, 0, count * 8), 0);
    bytes.set(new Uint8Array(attempts.buffer, 0, count * 4), count * 8);
    bytes.set(standing.subarray(0, count), count * 12);
    return bytes;
  }

  encodeErrors(): string | null {
    return this.errors.size === 0 ? null : JSON.stringify([...this.errors]);
  }

  #decodeState(bytes: Uint8Array): void {
    const { count } = this;
    if (bytes.length !== count * STATE_BYTES) {
      throw new Error(`Block ${this.number} stores ${bytes.length} bytes of state for ${count} messages.`);
    }
    // Sliced, because typed arrays of numbers must begin at a multiple of their size.
    this.#state = {
      visibleAt: new Float64Array(bytes.slice(0, count * 8).buffer),
      attempts: new Uint32Array(bytes.slice(count * 8, count * 12).buffer),
      standing: bytes.slice(count * 12),
    };
    for (const standing of this.#state.standing) this.#count(standing as Standing, +1);
  }

  #count(standing: Standing, change: number): void {
    if (standing === VISIBLE) this.visible += change;
    else if (standing === DELAYED) this.delayed += change;
    else if (standing === LEASED) this.leased += change;
  }

  /** The state, made or grown to hold every message. New entries are zero: visible, never delivered. */
  #touch() {
    const capacity = this.#state?.standing.length ?? 0;
    if (this.#state !== undefined && capacity >= this.count) return this.#state;
    const grown = {
      visibleAt: new Float64Array(Math.max(this.count, 2 * capacity)),
      attempts: new Uint32Array(Math.max(this.count, 2 * capacity)),
      standing: new Uint8Array(Math.max(this.count, 2 * capacity)),
    };
    if (this.#state !== undefined) {
      grown.visibleAt.set(this.#state.visibleAt);
      grown.attempts.set(this.#state.attempts);
      grown.standing.set(this.#state.standing);
    }
    this.#state = grown;
    return grown;
  }
}
