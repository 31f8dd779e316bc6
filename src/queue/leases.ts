import { BATCH_BYTES_MAX } from "../contract/limits.ts";
import type { Backlog, PlacedMessage } from "./backlog.ts";
import type { Block } from "./block.ts";
import { utf8Bytes } from "./bytes.ts";
import type { Delivery, RetryCommand } from "./commands.ts";
import type { LineWindow } from "./line-window.ts";
import { formatId, formatReceipt, parseReceipt, type Receipt } from "./receipt.ts";
import { fateOf, type Redelivery } from "./redelivery.ts";
import type { Retention } from "./retention.ts";
import type { Totals } from "./rows.ts";
import { DEAD, LEASED, VISIBLE } from "./standings.ts";
import { finish } from "./totals.ts";

/** Messages that are handed out together. */
export interface Deliveries {
  deliveries: Delivery[];
  /** The size of their lines, in UTF-8. */
  bytes: number;
}

/** Hands messages out, and does what their holders say of them. */
export class Leases {
  readonly #incarnation: string;
  readonly #backlog: Backlog;
  readonly #window: LineWindow;
  readonly #totals: Totals;
  readonly #retention: Retention;

  constructor(incarnation: string, backlog: Backlog, window: LineWindow, totals: Totals, retention: Retention) {
    this.#incarnation = incarnation;
    this.#backlog = backlog;
    this.#window = window;
    this.#totals = totals;
    this.#retention = retention;
  }

  /** Whether a receive would get something: a group that has enough of its messages in work is not served. */
  get isAnyNext(): boolean {
    return this.#next() !== undefined;
  }

  /** Nothing while the next message may have expired, which the next round finds out. */
  #next(): PlacedMessage | undefined {
    if (this.#backlog.visible === 0) return undefined;
    const next = this.#backlog.next();
    return next !== undefined && !this.#retention.isToBeExpired(next.block) ? next : undefined;
  }

  /**
   * Hands out visible messages in order.
   *
   * @param leaseMs undefined removes them as they are handed out
   * @param bytesMax the message with which there are so many is the last
   */
  handOut(max: number, leaseMs: number | undefined, now: number, bytesMax = BATCH_BYTES_MAX): Deliveries {
    const deliveries: Delivery[] = [];
    let bytes = 0;
    while (deliveries.length < max && bytes < bytesMax) {
      const next = this.#next();
      if (next === undefined) break;
      const { block, index } = next;
      const line = this.#window.line(block, index);
      const attempt = this.#backlog.deliver(block, index);
      const place = { blockNumber: block.number, index };
      const delivery: Delivery = {
        id: formatId(this.#incarnation, place),
        attempt,
        group: this.#backlog.groups.groupOf(block, index),
        lastError: block.noteOf(index).error,
        line,
      };
      if (leaseMs === undefined) {
        this.#remove(block, index);
      } else {
        const endsAt = now + leaseMs;
        this.#backlog.move(block, index, LEASED, endsAt);
        delivery.lease = { receipt: formatReceipt(this.#incarnation, { ...place, attempt }), endsAt };
      }
      deliveries.push(delivery);
      bytes += utf8Bytes(line);
    }
    return { deliveries, bytes };
  }

  /**
   * @param isFinished false leaves the messages unfinished until they are reported done
   * @returns the receipts that fit no lease, as do the others
   */
  ack(receipts: string[], isFinished: boolean): string[] {
    return this.#withLeases(receipts, (block, index) => {
      this.#remove(block, index);
      if (isFinished) finish(this.#totals, 1);
    });
  }

  /** Gives messages back, or up. */
  retry(command: RetryCommand, redelivery: Redelivery, now: number): string[] {
    const { receipts, delayMs, error, isDead, isBegun } = command;
    return this.#withLeases(receipts, (block, index) => {
      if (!isBegun) {
        block.note(index, { spared: (block.noteOf(index).spared ?? 0) + 1 });
        this.#backlog.move(block, index, VISIBLE, now);
        return;
      }
      block.note(index, { error, reason: isDead ? "rejected" : undefined });
      const dead = { standing: DEAD, visibleAt: now } as const;
      const failed = { incarnation: this.#incarnation, block, index, endedAt: now };
      const { standing, visibleAt } = isDead ? dead : fateOf(failed, now, redelivery, delayMs);
      this.#backlog.move(block, index, standing, visibleAt);
      if (standing === DEAD) finish(this.#totals, 1);
    });
  }

  extend(receipts: string[], endsAt: number): string[] {
    return this.#withLeases(receipts, (block, index) => this.#backlog.move(block, index, LEASED, endsAt));
  }

  /** Does something to each message whose lease the receipt stands for. */
  #withLeases(receipts: string[], change: (block: Block, index: number) => void): string[] {
    const stale: string[] = [];
    for (const text of receipts) {
      const receipt = parseReceipt(this.#incarnation, text);
      const block = receipt && this.#backlog.blockAt(receipt);
      if (receipt !== undefined && block !== undefined && isHeld(block, receipt)) change(block, receipt.index);
      else stale.push(text);
    }
    return stale;
  }

  #remove(block: Block, index: number): void {
    this.#backlog.remove(block, index);
    this.#totals.done += 1;
  }
}

/** Whether the receipt is that of the newest lease and the lease is not over. */
function isHeld(block: Block, { index, attempt }: Receipt): boolean {
  return block.standingOf(index) === LEASED && block.attemptsOf(index) === attempt;
}
