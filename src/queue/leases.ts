import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import { utf8Bytes } from "./base/bytes.ts";
import type { Delivery, RejectCommand, Result, RetryCommand } from "./base/commands.ts";
import { leaseMsOf } from "./base/configuration.ts";
import type { QueueState } from "./base/queue-state.ts";
import { formatId, formatReceipt, parseReceipt, type Receipt } from "./base/receipt.ts";
import { afterExpiredLease, afterFailedAttempt, type RetryRules, withOwn } from "./redelivery.ts";
import type { Retention } from "./retention.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import { noteBegun, noteUnbegun } from "./store/attempts.ts";
import type { Ledger } from "./store/ledger.ts";
import type { Note } from "./store/notes.ts";
import type { Payloads } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, LEASED, VISIBLE } from "./store/states.ts";

/** Receipts of leases that one commit batch ends before their time and reports. Further ones are not reported. */
export const LOST_RECEIPTS_MAX = 10_000;

/** Messages that are handed out together. */
export interface Deliveries {
  deliveries: Delivery[];
  /** The size of their payloads, in UTF-8. */
  bytes: number;
}

/** What an extension has come to: which receipts fit no lease, and how long the leases of the others last. */
type Extension = Pick<Extract<Result, { verb: "extend" }>, "stale" | "leaseMs" | "leaseEndsAt">;

/** How messages are taken. */
export interface Taking {
  /** The most messages. */
  max: number;
  /** Undefined removes them as they are handed out. */
  leaseMs: number | undefined;
  /** Whether these deliveries are attempts at once, and not only when they are begun. */
  isBegun: boolean;
}

/** What leases are made of. */
interface LeaseParts {
  backlog: Backlog;
  payloads: Payloads;
  ledger: Ledger;
  retention: Retention;
}

/** Hands messages out, and ends or changes their leases. */
export class Leases {
  readonly #idPrefix: string;
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #ledger: Ledger;
  readonly #retention: Retention;
  readonly #state: QueueState;
  readonly #lost: LostLeases;
  /** Of leases that were taken back, when they would have ended, by the index of their messages. */
  readonly #takenBack = new WeakMap<Segment, Map<number, number>>();

  /** @param lost receives the receipts of leases that are ended here */
  constructor(idPrefix: string, state: QueueState, lost: LostLeases, parts: LeaseParts) {
    const { backlog, payloads, ledger, retention } = parts;
    this.#idPrefix = idPrefix;
    this.#state = state;
    this.#lost = lost;
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#ledger = ledger;
    this.#retention = retention;
  }

  /** Ends the leases whose time is over, and the delays: their messages are visible, delayed for a retry, or dead. */
  expire(now: number): void {
    this.#backlog.promote(now, (segment, index, endedAt) => {
      const over = { generation: this.#idPrefix, segment, index, endedAt };
      return afterExpiredLease(over, now, () => this.#rulesOf({ segment, index }));
    });
  }

  /** Whether the end of a lease may make its message dead. */
  get mayKill(): boolean {
    const isLimited = this.#state.configuration.maxAttempts > 0 || this.#backlog.ruled.mayDie;
    return isLimited && this.#ledger.counts.leased > 0;
  }

  /** How often a message is delivered again: by its own settings, and by those of the queue. */
  #rulesOf({ segment, index }: PlacedMessage): RetryRules {
    const { configuration } = this.#state;
    const own = this.#payloads.rulesOf(segment, index);
    return own === undefined ? configuration : withOwn(configuration, own);
  }

  /** Whether a receive would get something: a group that has enough of its messages in work is not served. */
  get hasDeliverable(): boolean {
    return this.#next() !== undefined;
  }

  /** Undefined if no message is next, or if the next one may have expired: the next commit batch expires it. */
  #next(): PlacedMessage | undefined {
    if (this.#ledger.counts.visible === 0) return undefined;
    const next = this.#backlog.next();
    return next !== undefined && !this.#retention.isToBeExpired(next.segment) ? next : undefined;
  }

  /**
   * Hands out visible messages in order.
   *
   * @param bytesMax the message with which there are so many is the last
   */
  handOut({ max, leaseMs, isBegun }: Taking, now: number, bytesMax = BATCH_BYTES_MAX): Deliveries {
    const deliveries: Delivery[] = [];
    let bytes = 0;
    while (deliveries.length < max && bytes < bytesMax) {
      const next = this.#next();
      if (next === undefined) break;
      const { segment, index } = next;
      const payload = this.#payloads.of(segment, index);
      const number = this.#backlog.deliver(segment, index, isBegun);
      const place = segment.originOf(index);
      const { error, unbegun = 0 } = segment.noteOf(index);
      const delivery: Delivery = {
        id: formatId(this.#idPrefix, place),
        attempt: number - unbegun,
        group: this.#backlog.groups.groupOf(segment, index),
        lastError: error,
        payload,
      };
      if (leaseMs === undefined) {
        this.#backlog.remove(segment, index, "done", false);
      } else {
        const endsAt = now + leaseMs;
        this.#backlog.move(segment, index, LEASED, endsAt);
        delivery.lease = {
          receipt: formatReceipt(this.#idPrefix, { ...place, delivery: number }),
          endsAt,
          ms: leaseMs,
        };
      }
      deliveries.push(delivery);
      bytes += utf8Bytes(payload);
    }
    return { deliveries, bytes };
  }

  /**
   * @param isFinished false leaves the messages unfinished until they are reported done
   * @returns the receipts that fit no lease, as do the others
   */
  ack(receipts: string[], isFinished: boolean): string[] {
    return this.#withLeases(receipts, (segment, index) => this.#backlog.remove(segment, index, "done", isFinished));
  }

  /** Ends attempts that failed: the messages are visible again after a delay, or dead if it was their last attempt. */
  retry({ receipts, delayMs, error }: RetryCommand, now: number): string[] {
    return this.#withLeases(receipts, (segment, index) => {
      noteFailure(segment, index, { error, reason: undefined });
      const failed = { generation: this.#idPrefix, segment, index, endedAt: now };
      const { state, visibleAt } = afterFailedAttempt(failed, now, this.#rulesOf({ segment, index }), delayMs);
      this.#backlog.move(segment, index, state, visibleAt);
    });
  }

  /** Makes messages dead, however many attempts they have left. */
  reject({ receipts, error }: RejectCommand, now: number): string[] {
    return this.#withLeases(receipts, (segment, index) => {
      noteFailure(segment, index, { error, reason: "rejected" });
      this.#backlog.move(segment, index, DEAD, now);
    });
  }

  /** Gives back messages with which no handler has begun. */
  release(receipts: string[], now: number): string[] {
    return this.#withLeases(receipts, (segment, index) => this.#putBack(segment, index, now));
  }

  /**
   * Counts these deliveries as attempts, unless they are counted already.
   *
   * @returns the receipts that fit no lease
   */
  begin(receipts: string[], now: number): string[] {
    const begin = (segment: Segment, index: number) => {
      if (segment.isUnbegun(index)) this.#backlog.begin(segment, index, now);
    };
    const stale = this.#withLeases(receipts, begin);
    for (const text of stale) this.#leaseAgain(parseReceipt(this.#idPrefix, text), now);
    return this.#withLeases(stale, begin);
  }

  /**
   * A handler had begun before its worker could know that the message was taken back: it has its lease again, unless the
   * message was handed out since. Not in a group, where another may have come in its place.
   */
  #leaseAgain(receipt: Receipt | undefined, now: number): void {
    const found = receipt && this.#backlog.moved.find(receipt);
    if (receipt === undefined || found === undefined) return;
    const { segment, index } = found;
    const { delivery } = receipt;
    const endsAt = this.#takenBack.get(segment)?.get(index) ?? 0;
    const isFree = segment.stateOf(index) === VISIBLE && segment.deliveriesOf(index) === delivery && !segment.isGrouped;
    if (endsAt <= now || !isFree) return;
    this.#takenBack.get(segment)?.delete(index);
    noteBegun(segment, index);
    this.#backlog.move(segment, index, LEASED, endsAt);
  }

  /** A message was changed that may have been taken back: its old lease does not come back. */
  forgetTakenBack(segment: Segment, index: number): void {
    this.#takenBack.get(segment)?.delete(index);
  }

  /** Makes visible again, in their places, the leased messages with which no handler has begun. Their leases are lost. */
  takeBack(now: number): void {
    for (const { segment, index } of this.#backlog.places(LEASED)) {
      if (!segment.isUnbegun(index)) continue;
      const ends = this.#takenBack.get(segment) ?? new Map<number, number>();
      this.#takenBack.set(segment, ends.set(index, segment.visibleAtOf(index)));
      this.lose(segment, index);
      this.#putBack(segment, index, now);
    }
  }

  /** Notes as lost the lease of a message, if it has one, which ends now without a command of its holder. */
  lose(segment: Segment, index: number): void {
    if (segment.stateOf(index) !== LEASED) return;
    const receipt = { ...segment.originOf(index), delivery: segment.deliveriesOf(index) };
    this.#lost.add(formatReceipt(this.#idPrefix, receipt));
  }

  /** The same for all leases: their messages are about to be removed. */
  loseAll(): void {
    for (const { segment, index } of this.#backlog.places(LEASED)) {
      if (this.#lost.isFull) return;
      this.lose(segment, index);
    }
  }

  #putBack(segment: Segment, index: number, now: number): void {
    noteUnbegun(segment, index);
    this.#backlog.move(segment, index, VISIBLE, now);
  }

  extend(receipts: string[], askedMs: number | undefined, now: number): Extension {
    const leaseMs = leaseMsOf(this.#state.configuration, askedMs);
    const leaseEndsAt = now + leaseMs;
    const extend = (segment: Segment, index: number) => this.#backlog.move(segment, index, LEASED, leaseEndsAt);
    return { stale: this.#withLeases(receipts, extend), leaseMs, leaseEndsAt };
  }

  /** Changes each message whose receipt fits a lease, and answers with the other receipts. */
  #withLeases(receipts: string[], change: (segment: Segment, index: number) => void): string[] {
    const stale: string[] = [];
    for (const text of receipts) {
      const receipt = parseReceipt(this.#idPrefix, text);
      const found = receipt && this.#backlog.moved.find(receipt);
      if (receipt !== undefined && found !== undefined && isHeld(found, receipt)) change(found.segment, found.index);
      else stale.push(text);
    }
    return stale;
  }
}

/** Notes why an attempt failed. Such a message was begun, though its begin may not have been reported. */
function noteFailure(segment: Segment, index: number, note: Pick<Note, "error" | "reason">): void {
  segment.begin(index);
  segment.note(index, note);
}

/** Whether the receipt is that of the newest lease and the lease is not over. */
function isHeld({ segment, index }: PlacedMessage, { delivery }: Receipt): boolean {
  return segment.stateOf(index) === LEASED && segment.deliveriesOf(index) === delivery;
}

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
