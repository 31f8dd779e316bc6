/** Receipts of leases that one commit batch ends before their time and reports. Further ones are not reported. */
export const LOST_RECEIPTS_MAX = 10_000;

/**
 * Receipts of leases that were ended for another reason than a command of their holder: their messages were cancelled,
 * removed or taken back. They are reported so that no handler begins in vain. A holder that misses the report finds the
 * receipt stale.
 */
export class LostLeases {
  #receipts: string[] = [];

  /** Whether no more are noted. */
  get isFull(): boolean {
    return this.#receipts.length >= LOST_RECEIPTS_MAX;
  }

  add(receipt: string): void {
    if (!this.isFull) this.#receipts.push(receipt);
  }

  /** Those that were added since the last call. */
  take(): string[] {
    const receipts = this.#receipts;
    this.#receipts = [];
    return receipts;
  }
}
