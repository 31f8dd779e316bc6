import type { RetentionRules } from "./base/configuration.ts";
import type { Backlog, BlockWatcher } from "./schedule/backlog.ts";
import { Agenda } from "./schedule/timer-heap.ts";
import { timeOf } from "./store/payload.ts";
import type { LineWindow } from "./store/payload-cache.ts";
import type { Totals } from "./store/rows.ts";
import type { Block } from "./store/segment.ts";
import { DEAD, VISIBLE } from "./store/states.ts";
import { finish } from "./store/totals.ts";

/** Bounds what one round reads and changes: a backlog that expires all at once takes many rounds. */
const BLOCKS_PER_ROUND = 256;

/**
 * Lets messages expire. Only what is visible does: what somebody holds, or what waits for its time, is looked at when
 * it becomes visible, and is not handed out any more if its time is over by then.
 */
export class Retention implements BlockWatcher {
  readonly #backlog: Backlog;
  readonly #window: LineWindow;
  readonly #totals: Totals;
  readonly #agenda = new Agenda<Block>();
  #blocksLeft = BLOCKS_PER_ROUND;
  /** Up to when everything would have expired if a round had no end. */
  #behind = 0;
  #rules: RetentionRules;

  constructor(backlog: Backlog, window: LineWindow, totals: Totals, rules: RetentionRules) {
    this.#backlog = backlog;
    this.#window = window;
    this.#totals = totals;
    this.#rules = rules;
    backlog.watcher = this;
  }

  set rules(rules: RetentionRules) {
    const isChanged = rules.retentionMs !== this.#rules.retentionMs;
    this.#rules = rules;
    if (!isChanged) return;
    this.#agenda.clear();
    for (const block of this.#backlog.blocks()) if (block.visible > 0) this.becameVisible(block);
  }

  /** No message expires before this time. */
  get nextExpiryAt(): number {
    return this.#agenda.nextAt;
  }

  /** Whether messages can expire at all. */
  get isBounded(): boolean {
    return this.#rules.retentionMs > 0;
  }

  beginRound(): void {
    this.#blocksLeft = BLOCKS_PER_ROUND;
    this.#behind = 0;
  }

  /** Lets expire what is due, or as much of it as may be in one round. */
  expire(now: number): void {
    this.#behind = now;
    for (; this.#blocksLeft > 0; this.#blocksLeft -= 1) {
      const block = this.#agenda.take(now);
      if (block === undefined) return;
      this.#expireIn(block, now);
    }
  }

  /** Whether more is due than one round lets expire. */
  get isBehind(): boolean {
    return this.#blocksLeft === 0 && this.#agenda.nextAt <= this.#behind;
  }

  /** Whether it is not known yet what of this block has expired. */
  isToBeExpired(block: Block): boolean {
    return this.isBehind && this.#agenda.isPlanned(block, this.#behind);
  }

  #expireIn(block: Block, now: number): void {
    let nextExpiryAt = Number.POSITIVE_INFINITY;
    for (let index = 0; block.visible > 0 && index < block.count; index += 1) {
      if (block.standingOf(index) !== VISIBLE) continue;
      const expiresAt = this.#expiresAt(block, index);
      if (expiresAt <= now) this.#expire(block, index, expiresAt);
      else nextExpiryAt = Math.min(nextExpiryAt, expiresAt);
    }
    this.#window.release(block);
    if (nextExpiryAt < Number.POSITIVE_INFINITY) this.#agenda.plan(block, nextExpiryAt);
  }

  /** None of a block's messages is older than the block, so the lines need not be read before its time is over. */
  becameVisible(block: Block): void {
    const { retentionMs } = this.#rules;
    if (retentionMs > 0) this.#agenda.plan(block, block.putAt + retentionMs);
  }

  finished(block: Block): void {
    this.#agenda.drop(block);
  }

  #expiresAt(block: Block, index: number): number {
    const since = block.noteOf(index).redrivenAt ?? timeOf(this.#window.line(block, index));
    return since + this.#rules.retentionMs;
  }

  #expire(block: Block, index: number, expiresAt: number): void {
    if (this.#rules.deadLetterExpired) {
      block.note(index, { reason: "expired" });
      this.#backlog.move(block, index, DEAD, Math.max(expiresAt, block.visibleAtOf(index)));
    } else {
      this.#backlog.remove(block, index);
      this.#totals.expired += 1;
    }
    finish(this.#totals, 1);
  }
}
