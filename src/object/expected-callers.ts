/** Calls over HTTP cannot be told apart as callers, so all of them share this id. Connections have ids of 1 and more. */
export const HTTP_CALLERS = 0;

/** A caller that has not sent a command for this long after its reply is no longer expected. */
const EXPECTED_MS_MAX = 250;

/** Callers with one id that are expected: one for a connection, any number for `HTTP_CALLERS`. */
interface Expected {
  count: number;
  /** When the last of them was answered, in milliseconds by the machine's clock. */
  answeredAt: number;
}

/**
 * Estimates how many callers will send their next command in a moment.
 *
 * Most callers make one call after the other, so a caller that was just answered is expected to be back. Connections and
 * calls over HTTP report their ids here; commands of the queue itself do not, because their callers do not wait for one
 * another.
 */
export class ExpectedCallers {
  /** By caller, the one that was answered longest ago first. */
  readonly #byId = new Map<number, Expected>();
  #count = 0;

  /** Notes that a caller was answered and probably sends another command. */
  answered(callerId: number, now: number): void {
    const known = this.#byId.get(callerId)?.count ?? 0;
    const count = callerId === HTTP_CALLERS ? known + 1 : 1;
    this.#byId.delete(callerId);
    this.#byId.set(callerId, { count, answeredAt: now });
    this.#count += count - known;
  }

  /** Notes that a caller has sent a command, or is gone: it is not expected any more. */
  asked(callerId: number): void {
    this.#remove(callerId, 1);
  }

  /** How many callers are expected. */
  expected(now: number): number {
    for (const [callerId, { count, answeredAt }] of this.#byId) {
      if (now - answeredAt <= EXPECTED_MS_MAX) break;
      this.#remove(callerId, count);
    }
    return this.#count;
  }

  /** Gives up half of the callers, those that were answered longest ago: they did not come back in time. */
  giveUpHalf(): void {
    const left = this.#count >> 1;
    for (const [callerId, { count }] of this.#byId) {
      if (this.#count <= left) return;
      this.#remove(callerId, Math.min(count, this.#count - left));
    }
  }

  #remove(callerId: number, count: number): void {
    const expected = this.#byId.get(callerId);
    if (expected === undefined) return;
    expected.count -= count;
    this.#count -= count;
    if (expected.count === 0) this.#byId.delete(callerId);
  }
}
