import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import { utf8Bytes } from "./base/bytes.ts";
import type { Command, Delivery, RejectCommand, Result, RetryCommand } from "./base/commands.ts";
import { leaseMsOf } from "./base/configuration.ts";
import { lastErrorOf } from "./base/job-errors.ts";
import type { QueueState } from "./base/queue-state.ts";
import { formatId, formatReceipt, parseReceipt, type Receipt } from "./base/receipt.ts";
import type { Outcomes } from "./jobs/outcomes.ts";
import type { LostLeases } from "./lost-leases.ts";
import { afterExpiredLease, afterFailedAttempt, type RetryRules, withOwn } from "./redelivery.ts";
import type { Retention } from "./retention.ts";
import type { Backlog, PlacedMessage } from "./schedule/backlog.ts";
import { noteBegun, noteFailure, noteUnbegun } from "./store/attempts.ts";
import type { Ledger } from "./store/ledger.ts";
import type { Payloads } from "./store/payloads.ts";
import type { Segment } from "./store/segment.ts";
import { DEAD, DELAYED, LEASED, VISIBLE } from "./store/states.ts";

/** Messages that are handed out together. */
export interface Deliveries {
  deliveries: Delivery[];
  /** The size of their payloads, in UTF-8. */
  bytes: number;
}

/** What an extension has come to: which receipts fit no lease, and how long the leases of the others last. */
type Extension = Pick<Extract<Result, { verb: "extend" }>, "stale" | "leaseMs" | "leaseEndsAt">;

type Ack = Extract<Command, { verb: "ack" }>;
type Release = Extract<Command, { verb: "release" }>;

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
  outcomes: Outcomes;
}

/** Hands messages out, and ends or changes their leases. */
export class Leases {
  readonly #idPrefix: string;
  readonly #backlog: Backlog;
  readonly #payloads: Payloads;
  readonly #ledger: Ledger;
  readonly #retention: Retention;
  readonly #outcomes: Outcomes;
  readonly #state: QueueState;
  readonly #lost: LostLeases;
  /** Of leases that were taken back, when they would have ended, by the index of their messages. */
  readonly #takenBack = new WeakMap<Segment, Map<number, number>>();

  /** @param lost receives the receipts of leases that are ended here */
  constructor(idPrefix: string, state: QueueState, lost: LostLeases, parts: LeaseParts) {
    const { backlog, payloads, ledger, retention, outcomes } = parts;
    this.#idPrefix = idPrefix;
    this.#state = state;
    this.#lost = lost;
    this.#backlog = backlog;
    this.#payloads = payloads;
    this.#ledger = ledger;
    this.#retention = retention;
    this.#outcomes = outcomes;
  }

  /** Ends the leases whose time is over, and the delays: their messages are visible, delayed for a retry, or dead. */
  expire(now: number): void {
    this.#backlog.promote(now, (segment, index, endedAt) => {
      const over = { generation: this.#idPrefix, segment, index, endedAt };
      const transition = afterExpiredLease(over, now, () => this.#rulesOf({ segment, index }));
      const failure = { reason: "max_attempts", error: segment.noteOf(index).error } as const;
      if (transition.state === DEAD) this.#outcomes.failed({ segment, index }, failure, now);
      this.#backlog.changed(segment, index);
      return transition;
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
        this.#outcomes.done(next, undefined, now);
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
   * `finish`: false leaves the messages unfinished until they are reported done.
   *
   * @returns the receipts that fit no lease, as do the others
   */
  ack({ receipts, finish, results }: Ack, now: number): string[] {
    return this.#withLeases(receipts, (segment, index, position) => {
      this.#outcomes.done({ segment, index }, results?.[position], now);
      this.#backlog.remove(segment, index, "done", finish);
    });
  }

  /** Ends attempts that failed: the messages are visible again after a delay, or `dead` if it was their last attempt. */
  retry({ receipts, delayMs, error }: RetryCommand, now: number): { stale: string[]; dead: string[] } {
    const dead: string[] = [];
    const stale = this.#withLeases(receipts, (segment, index, position) => {
      noteFailure(segment, index, { error: lastErrorOf(error), reason: undefined });
      const failed = { generation: this.#idPrefix, segment, index, endedAt: now };
      const { state, visibleAt } = afterFailedAttempt(failed, now, this.#rulesOf({ segment, index }), delayMs);
      if (state === DEAD) {
        this.#outcomes.failed({ segment, index }, { reason: "max_attempts", error }, now);
        dead.push(receipts[position] as string);
      }
      this.#backlog.move(segment, index, state, visibleAt);
    });
    return { stale, dead };
  }

  /** Makes messages dead, however many attempts they have left. */
  reject({ receipts, error }: RejectCommand, now: number): string[] {
    return this.#withLeases(receipts, (segment, index) => {
      noteFailure(segment, index, { error: lastErrorOf(error), reason: "rejected" });
      this.#outcomes.failed({ segment, index }, { reason: "rejected", error }, now);
      this.#backlog.move(segment, index, DEAD, now);
    });
  }

  /** Gives back messages with which no handler has begun. */
  release({ receipts, delayMs = 0 }: Release, now: number): string[] {
    return this.#withLeases(receipts, (segment, index) => this.#putBack(segment, index, now, delayMs));
  }

  /** The message of a lease; undefined if that is over. */
  find(receipt: string): PlacedMessage | undefined {
    let found: PlacedMessage | undefined;
    this.#withLeases([receipt], (segment, index) => {
      found = { segment, index };
    });
    return found;
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

  #putBack(segment: Segment, index: number, now: number, delayMs = 0): void {
    noteUnbegun(segment, index);
    this.#backlog.move(segment, index, delayMs > 0 ? DELAYED : VISIBLE, now + delayMs);
  }

  extend(receipts: string[], askedMs: number | undefined, now: number): Extension {
    const leaseMs = leaseMsOf(this.#state.configuration, askedMs);
    const leaseEndsAt = now + leaseMs;
    const extend = (segment: Segment, index: number) => this.#backlog.move(segment, index, LEASED, leaseEndsAt);
    return { stale: this.#withLeases(receipts, extend), leaseMs, leaseEndsAt };
  }

  /** Changes each message whose receipt fits a lease, and answers with the other receipts. */
  #withLeases(receipts: string[], change: (segment: Segment, index: number, position: number) => void): string[] {
    const stale: string[] = [];
    for (const [position, text] of receipts.entries()) {
      const receipt = parseReceipt(this.#idPrefix, text);
      const found = receipt && this.#backlog.moved.find(receipt);
      if (receipt !== undefined && found !== undefined && isHeld(found, receipt)) {
        change(found.segment, found.index, position);
      } else stale.push(text);
    }
    return stale;
  }
}

/** Whether the receipt is that of the newest lease and the lease is not over. */
function isHeld({ segment, index }: PlacedMessage, { delivery }: Receipt): boolean {
  return segment.stateOf(index) === LEASED && segment.deliveriesOf(index) === delivery;
}
