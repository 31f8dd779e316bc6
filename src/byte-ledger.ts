/** How long bytes that are not released count, in milliseconds: the platform may drop a request with its promises. */
const HELD_MS_MAX = 90_000;

/** How long a holder waits for room, in milliseconds. */
const TURN_MS_MAX = 10_000;

/** How often a holder that waits checks for room, in milliseconds. */
const LOOK_MS = 20;

/** A part of the memory that is held. */
export interface Held {
  bytes: number;
  readonly until: number;
}

/** Counts bytes that are held for a while, up to a bound. */
export class ByteLedger {
  readonly #max: number;
  /** In the order in which they were held, and so in which they expire. */
  readonly #held = new Set<Held>();
  #bytes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Whether the bound is reached. */
  get isFull(): boolean {
    this.#expire();
    return this.#bytes >= this.#max;
  }

  /** How many bytes are held. */
  get heldBytes(): number {
    this.#expire();
    return this.#bytes;
  }

  /** Holds bytes even if there is no room. */
  hold(bytes: number): Held {
    const held: Held = { bytes, until: Date.now() + HELD_MS_MAX };
    this.#held.add(held);
    this.#bytes += bytes;
    return held;
  }

  /** Changes what a holder holds to `bytes` in all. Returns false, and changes nothing, if there is no room. */
  grow(held: Held, bytes: number): boolean {
    const more = bytes - held.bytes;
    if (this.#bytes > held.bytes && this.#bytes + more > this.#max) return false;
    this.#bytes += more;
    held.bytes = bytes;
    return true;
  }

  /** Releases what is held. Does nothing the second time. */
  release(held: Held): void {
    if (this.#held.delete(held)) this.#bytes -= held.bytes;
  }

  /**
   * Holds bytes when there is room. One holder alone may hold more than the bound. Each holder polls for itself: a promise
   * that several requests share would be lost with the one that the platform drops.
   *
   * @returns undefined if there was no room for `TURN_MS_MAX`
   */
  async holdWhenRoom(bytes: number): Promise<Held | undefined> {
    const until = Date.now() + TURN_MS_MAX;
    while (!this.#hasRoomFor(bytes)) {
      if (Date.now() >= until) return undefined;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return this.hold(bytes);
  }

  #hasRoomFor(bytes: number): boolean {
    this.#expire();
    return this.#bytes === 0 || this.#bytes + bytes <= this.#max;
  }

  #expire(): void {
    const now = Date.now();
    for (const held of this.#held) {
      if (held.until > now) return;
      this.release(held);
    }
  }
}
