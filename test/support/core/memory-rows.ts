import { encodeOwnRules } from "../../../src/queue/store/own-rules.ts";
import type { Commit, RowChange, StoredQueue } from "../../../src/queue/store/rows.ts";
import type { Totals } from "../../../src/queue/store/totals.ts";
import { Rows } from "../../../worker-client/memory/rows.ts";
import { assertRowSize } from "./row-bytes.ts";

/** Rows in memory, and a count of those that would be billed. A row is refused where it is too large for a database. */
export class MemoryRows extends Rows {
  #totals: Totals | undefined;
  rowsWritten = 0;

  get size(): number {
    return this.rows.size;
  }

  /** How many senders are remembered. */
  get senders(): number {
    return this.inbound.size;
  }

  override write(commit: Commit): void {
    const { changes, totals } = commit;
    if (changes.every(({ kind }) => kind === "delete")) throw new Error("Nothing carries the totals of this commit.");
    this.rowsWritten += changes.reduce((sum, change) => sum + this.#billed(change), 0);
    super.write(commit);
    const totalsText = JSON.stringify(totals);
    for (const change of changes) {
      const row = change.kind === "delete" || change.kind === "merge" ? undefined : this.rows.get(change.slot);
      if (row === undefined) continue;
      const { counts, ownRules, ...columns } = row;
      assertRowSize({ ...columns, ownRules: encodeOwnRules(ownRules), ...counts, totals: totalsText });
    }
    this.#totals = { ...totals };
  }

  /** What a restarted queue reads. */
  load(): StoredQueue | undefined {
    if (this.#totals === undefined) return undefined;
    const { time } = this.#totals;
    const segments = [...this.rows.values()]
      .sort((a, b) => a.number - b.number)
      .map((row) => ({ ...row, fingerprints: row.keysUntil > time ? row.fingerprints : null }));
    return { totals: this.#totals, segments };
  }

  override clear(): void {
    super.clear();
    this.#totals = undefined;
  }

  #billed(change: RowChange): number {
    return change.kind === "delete" ? change.slots.filter((slot) => this.rows.has(slot)).length : 1;
  }
}
