import { Agenda } from "./agenda.ts";
import type { Backlog, BlockWatcher } from "./backlog.ts";
import type { Block } from "./block.ts";
import { timeOf } from "./contents.ts";
import type { LineWindow } from "./line-window.ts";
import type { Totals } from "./rows.ts";
import { DEAD, VISIBLE } from "./standings.ts";
import { finish } from "./totals.ts";

/** For how long a message may wait for somebody to take it. */
export interface RetentionRules {
  /** From its put, from the time for which it was put, or from its redrive; 0 for ever. */
  retentionMs: number;
  /** Whether what expired is kept as dead; otherwise it is removed, and counted. */
  deadLetterExpired: boolean;
}

/**
 * Lets messages expire. Only what is visible does: what somebody holds, or what waits for its time, is looked at when
 * it becomes visible, and is not handed out any more if its time is over by then.
 */
export class Retention implements BlockWatcher {
  readonly #backlog: Backlog;
  readonly #window: LineWindow;
  readonly #totals: Totals;
  readonly #agenda = new Agenda();
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

  expire(now: number): void {
    for (let block = this.#agenda.take(now); block !== undefined; block = this.#agenda.take(now)) {
      let nextExpiryAt = Number.POSITIVE_INFINITY;
      for (let index = 0; block.visible > 0 && index < block.count; index += 1) {
        if (block.standingOf(index) !== VISIBLE) continue;
        const expiresAt = this.#expiresAt(block, index);
        if (expiresAt <= now) this.#expire(block, index, expiresAt);
        else nextExpiryAt = Math.min(nextExpiryAt, expiresAt);
      }
      if (nextExpiryAt < Number.POSITIVE_INFINITY) this.#agenda.plan(block, nextExpiryAt);
    }
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
