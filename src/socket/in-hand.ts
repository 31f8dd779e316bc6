import { CREDIT_MAX } from "../contract/limits.ts";
import type { Delivery } from "../queue/base/commands.ts";

/** Leases up to which those that have ended are not looked for. */
const PRUNED_MIN = 1_000;

/**
 * Receipts that are known of one connection: more than a client holds that settles messages on the connection on which it
 * gets them. Where it settles them on another, as over HTTP, leases of 12 hours would fill the memory.
 */
export const RECEIPTS_KNOWN_MAX = 2 * CREDIT_MAX;

/**
 * Counts the messages that one connection holds under leases: those that were handed out on it, are not settled on it, and
 * whose leases last. A message that another connection settles counts until its lease would have ended.
 *
 * Only the number outlives the object's memory, and of more than `RECEIPTS_KNOWN_MAX` only the number is kept: these receipts
 * are not known any more, so that such a lease which ends without a call counts until the last of them would have ended.
 */
export class InHand {
  /** When each lease ends, in milliseconds, by its receipt. */
  readonly #endsAt = new Map<string, number>();
  /** Of leases whose receipts are not known any more: how many, and when the last of them ends. */
  #restored: { count: number; until: number };

  /** When the last of all these leases ends, at the latest. */
  #latest: number;
  /** Leases that ended without a call are forgotten when there are so many. */
  #pruneAt = PRUNED_MIN;

  constructor(restored = { count: 0, until: 0 }) {
    this.#restored = { ...restored };
    this.#latest = restored.until;
  }

  /** Messages were handed out on the connection. */
  handedOut(deliveries: readonly Delivery[]): void {
    for (const { lease } of deliveries) {
      if (lease === undefined) continue;
      if (this.#endsAt.size >= this.#pruneAt) this.#prune(lease.endsAt - lease.ms);
      if (this.#endsAt.size >= RECEIPTS_KNOWN_MAX) this.#forgetOldest();
      this.#endsAt.set(lease.receipt, lease.endsAt);
      this.#latest = Math.max(this.#latest, lease.endsAt);
    }
  }

  /** Messages were acked, given back or given up on the connection, or their leases were lost. */
  settled(receipts: Iterable<string>): void {
    for (const receipt of receipts) {
      if (!this.#endsAt.delete(receipt)) this.#restored.count = Math.max(0, this.#restored.count - 1);
    }
  }

  /** Leases end later now. */
  extended(receipts: Iterable<string>, endsAt: number): void {
    for (const receipt of receipts) {
      if (this.#endsAt.has(receipt)) this.#endsAt.set(receipt, endsAt);
      else this.#restored.until = Math.max(this.#restored.until, endsAt);
    }
    this.#latest = Math.max(this.#latest, endsAt);
  }

  /** Leases were lost. Most of them are those of other connections, so that the look is at the fewer of both. */
  lost(receipts: ReadonlySet<string>): void {
    if (receipts.size <= this.#endsAt.size) {
      for (const receipt of receipts) this.#endsAt.delete(receipt);
      return;
    }
    for (const receipt of this.#endsAt.keys()) if (receipts.has(receipt)) this.#endsAt.delete(receipt);
  }

  /** How many there are at this time, in milliseconds. */
  count(now: number): number {
    if (this.#restored.until <= now) this.#restored.count = 0;
    this.#prune(now);
    return this.#endsAt.size + this.#restored.count;
  }

  /** What is stored with the connection: no look at each lease, because it is stored often. */
  kept(): { count: number; until: number } {
    return { count: this.#endsAt.size + this.#restored.count, until: this.#latest };
  }

  /** How many receipts are known. */
  get knownReceipts(): number {
    return this.#endsAt.size;
  }

  /** Keeps of the oldest receipt only that it is one. */
  #forgetOldest(): void {
    const [oldest] = this.#endsAt;
    if (oldest === undefined) return;
    const [receipt, endsAt] = oldest;
    this.#endsAt.delete(receipt);
    const { count, until } = this.#restored;
    this.#restored = { count: count + 1, until: Math.max(until, endsAt) };
  }

  #prune(now: number): void {
    for (const [receipt, endsAt] of this.#endsAt) if (endsAt <= now) this.#endsAt.delete(receipt);
    this.#pruneAt = 2 * this.#endsAt.size + PRUNED_MIN;
  }
}
