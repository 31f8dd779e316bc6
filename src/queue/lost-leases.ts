/** Receipts of leases that one commit batch ends before their time and tells of. What comes beyond is not told of. */
export const LOST_RECEIPTS_MAX = 10_000;

/**
 * Receipts whose leases were ended for another reason than what their holder said: their messages were cancelled, removed
 * or taken back. Told as a kindness, so that nothing is begun in vain: who does not hear of it finds the receipt stale.
 */
export class LostLeases {
  #receipts: string[] = [];

  /** Whether no more are taken down. */
  get isFull(): boolean {
    return this.#receipts.length >= LOST_RECEIPTS_MAX;
  }

  add(receipt: string): void {
    if (!this.isFull) this.#receipts.push(receipt);
  }

  /** Those since it was last asked. */
  take(): string[] {
    const receipts = this.#receipts;
    this.#receipts = [];
    return receipts;
  }
}
