import type { QueueState } from "./base/queue-state.ts";
import type { InboundTransfers } from "./inbound-transfers.ts";
import type { OutboundTransfers } from "./outbound-transfers.ts";
import type { Backlog } from "./schedule/backlog.ts";
import type { DoneKeys } from "./store/done-keys.ts";
import type { IdempotencyKeys } from "./store/idempotency-keys.ts";
import type { Ledger } from "./store/ledger.ts";
import type { PayloadCache } from "./store/payload-cache.ts";
import { completed, rowChangeOf } from "./store/row-changes.ts";
import { FREE_ROWS_MAX } from "./store/row-slots.ts";
import type { Commit, RowChange } from "./store/rows.ts";

/** What of stored messages stays in memory: what was used last. */
export interface Memory {
  /** Segments whose state is kept: 3 KB each at most. */
  segments: number;
  /** Characters of payloads. */
  characters: number;
  /** Free rows, in storage too: what a waking reads for nothing. At least 1. */
  freeRows: number;
}

/** A Durable Object shares 128 MB with its neighbours. */
export const DEFAULT_MEMORY: Memory = { segments: 1_024, characters: 4 * 1024 * 1024, freeRows: FREE_ROWS_MAX };

/** What commits are made of. */
interface CommitParts {
  backlog: Backlog;
  payloads: PayloadCache;
  keys: IdempotencyKeys;
  doneKeys: DoneKeys;
  ledger: Ledger;
  inboundTransfers: InboundTransfers;
  outboundTransfers: OutboundTransfers;
}

/** Knows what is not stored yet. */
export class Commits {
  readonly #state: QueueState;
  readonly #memory: Memory;
  readonly #parts: CommitParts;
  #areTotalsDirty = false;

  constructor(state: QueueState, memory: Memory, parts: CommitParts) {
    this.#state = state;
    this.#memory = memory;
    this.#parts = parts;
  }

  /** Has the totals stored although no message may have changed. */
  includeTotals(): void {
    this.#areTotalsDirty = true;
  }

  /** When something must be stored that was begun, if nothing else is; else Infinity. */
  get nextMarkAt(): number {
    return this.#parts.backlog.marks.nextAt;
  }

  /** What changed since the last commit; undefined if nothing did. Dead letters begin their transfer with it. */
  take(): Commit | undefined {
    const { backlog, ledger, inboundTransfers, outboundTransfers } = this.#parts;
    const { dirty, marks, slots } = backlog;
    const { totals } = ledger;
    const { deadLetterQueue } = this.#state.configuration;
    if (deadLetterQueue !== "") outboundTransfers.beginDeadLetters(deadLetterQueue, totals.time);
    marks.save(dirty, totals.time, this.#memory.segments);
    // Old rows are deleted together with something else, unless they make each waking slow.
    const areRowsTooMany = slots.excess > this.#memory.freeRows;
    if (dirty.size === 0 && !this.#areTotalsDirty && !inboundTransfers.areUncommitted && !areRowsTooMany) {
      this.#trimMemory();
      return undefined;
    }
    ledger.assertBalance();
    const changes = this.#takeChanges();
    this.#trimMemory();
    this.#areTotalsDirty = false;
    totals.commit += 1;
    totals.lastSegment = backlog.lastSegment;
    changes.push(...this.#parts.doneKeys.takeChanges());
    return { changes: completed(changes, slots), totals, ...inboundTransfers.takeUncommitted() };
  }

  #takeChanges(): RowChange[] {
    const { backlog, payloads, keys } = this.#parts;
    const { dirty, slots, groups } = backlog;
    const changes: RowChange[] = [];
    for (const [segment, kind] of dirty) {
      const change = rowChangeOf(segment, kind, slots, payloads, keys, groups.takeUncommitted(segment));
      if (change !== undefined) changes.push(change);
    }
    dirty.clear();
    return changes;
  }

  /** Lets go of what was used longest ago. To be called when everything is stored, or on its way there. */
  #trimMemory(): void {
    this.#parts.payloads.trim(this.#memory.characters);
    this.#parts.backlog.unloadOldest(this.#memory.segments);
  }
}
