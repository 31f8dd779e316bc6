import type { QueueState } from "./base/queue-state.ts";
import type { InboundTransfers } from "./inbound-transfers.ts";
import type { OutboundTransfers } from "./outbound-transfers.ts";
import type { Backlog } from "./schedule/backlog.ts";
import { FREE_ROWS_MAX } from "./store/free-rows.ts";
import type { Ledger } from "./store/ledger.ts";
import type { Payloads } from "./store/payloads.ts";
import type { RowTable } from "./store/row-table.ts";
import type { Commit } from "./store/rows.ts";

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
  payloads: Payloads;
  rows: RowTable;
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
    return this.#parts.rows.nextMarkAt;
  }

  /** What changed since the last commit; undefined if nothing did. Dead letters begin their transfer with it. */
  take(): Commit | undefined {
    const { backlog, rows, ledger, inboundTransfers, outboundTransfers } = this.#parts;
    const { totals } = ledger;
    const { deadLetterQueue } = this.#state.configuration;
    if (deadLetterQueue !== "") outboundTransfers.beginDeadLetters(deadLetterQueue, totals.time);
    const areRowsDirty = rows.prepareCommit(totals.time, this.#memory.segments);
    if (!areRowsDirty && !this.#areTotalsDirty && !inboundTransfers.areUncommitted) {
      this.#trimMemory();
      return undefined;
    }
    ledger.assertBalance();
    const changes = rows.takeChanges();
    this.#trimMemory();
    this.#areTotalsDirty = false;
    totals.commit += 1;
    totals.lastSegment = backlog.lastSegment;
    return { changes, totals, ...inboundTransfers.takeUncommitted() };
  }

  /** Lets go of what was used longest ago. To be called when everything is stored, or on its way there. */
  #trimMemory(): void {
    this.#parts.payloads.trim(this.#memory.characters);
    this.#parts.backlog.unloadOldest(this.#memory.segments);
  }
}
