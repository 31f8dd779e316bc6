import { encodeOwnRules } from "../../../src/queue/store/own-rules.ts";
import type { Commit, JobRowChange, RowChange, StoredQueue } from "../../../src/queue/store/rows.ts";
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

  /** How many rows have outcomes of jobs, or had some. */
  get jobRowCount(): number {
    return this.jobRows.size;
  }

  /** How many senders are remembered. */
  get senders(): number {
    return this.inbound.size;
  }

  override write(commit: Commit): void {
    const { changes, jobRows, totals } = commit;
    if (changes.every(({ kind }) => kind === "delete")) throw new Error("Nothing carries the totals of this commit.");
    this.rowsWritten += changes.reduce((sum, change) => sum + this.#billed(change), 0);
    this.rowsWritten += jobRows.reduce((sum, change) => sum + this.#billedOfJobs(change), 0);
    super.write(commit);
    for (const change of jobRows) {
      const row = change.kind === "delete" ? undefined : this.jobRows.get(change.slot);
      if (row !== undefined) assertRowSize({ ...row });
    }
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
    const jobRows = [...this.jobRows.values()].map((row) => ({
      ...row,
      fingerprints: row.until > time ? row.fingerprints : null,
    }));
    return { totals: this.#totals, segments, jobRows };
  }

  override clear(): void {
    super.clear();
    this.#totals = undefined;
  }

  #billedOfJobs(change: JobRowChange): number {
    return change.kind === "delete" ? change.slots.filter((slot) => this.jobRows.has(slot)).length : 1;
  }

  #billed(change: RowChange): number {
    return change.kind === "delete" ? change.slots.filter((slot) => this.rows.has(slot)).length : 1;
  }
}
