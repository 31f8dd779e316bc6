import {
  type Commit,
  type InboundTransfer,
  type JobRowChange,
  NO_KEYS,
  NO_MESSAGES,
  type RowChange,
  type RowReader,
  type StoredJobRow,
  type StoredSegment,
} from "../../src/queue/store/rows.ts";
import type { SegmentState } from "../../src/queue/store/segment-summary.ts";

/** A row, with all its texts. */
export interface Row extends Omit<StoredSegment, "fingerprints">, SegmentState {
  payloads: string;
  groups: string;
  keys: string;
  fingerprints: string;
}

/** A row of job records, with its texts. */
interface JobRow extends Omit<StoredJobRow, "fingerprints"> {
  fingerprints: string;
  records: string;
}

const EMPTY = { number: 0, ...NO_MESSAGES, ...NO_KEYS };

/** The rows of a queue, kept in memory instead of in a database. */
export class Rows implements RowReader {
  protected readonly rows = new Map<number, Row>();
  protected readonly jobRows = new Map<number, JobRow>();
  protected readonly inbound = new Map<string, InboundTransfer>();

  state(slot: number): SegmentState {
    const { state, notes } = this.rows.get(slot) ?? EMPTY;
    return { state, notes };
  }

  payloads(slot: number): string {
    return this.rows.get(slot)?.payloads ?? "";
  }

  groups(slot: number): string {
    return this.rows.get(slot)?.groups ?? "";
  }

  keys(slot: number): string {
    return this.rows.get(slot)?.keys ?? "";
  }

  fingerprints(slot: number): string {
    return this.rows.get(slot)?.fingerprints ?? "";
  }

  jobRecords(slot: number): string {
    return this.jobRows.get(slot)?.records ?? "";
  }

  jobFingerprints(slot: number): string {
    return this.jobRows.get(slot)?.fingerprints ?? "";
  }

  lastInboundTransfer(source: string): InboundTransfer | undefined {
    return this.inbound.get(source);
  }

  sendersUsedBy(time: number): { sources: number; lastUsedAt: number } {
    const times = [...this.inbound.values()].map(({ usedAt }) => usedAt).filter((usedAt) => usedAt <= time);
    return { sources: this.inbound.size, lastUsedAt: Math.max(0, ...times) };
  }

  sendersUnusedSince(time: number, most: number): string[] {
    const unused = [...this.inbound.values()].filter(({ usedAt }) => usedAt < time);
    const oldestFirst = unused.sort((a, b) => a.usedAt - b.usedAt);
    return oldestFirst.slice(0, most).map(({ source }) => source);
  }

  /**
   * @throws {Error} if the commit merges or appends to a row that does not exist, or keeps payloads of a row without its
   * messages
   */
  write({ changes, jobRows, inboundTransfers, forgottenSenders }: Commit): void {
    for (const source of forgottenSenders) this.inbound.delete(source);
    for (const transfer of inboundTransfers) this.inbound.set(transfer.source, transfer);
    for (const change of changes) this.#write(change);
    for (const change of jobRows) this.#writeJobs(change);
  }

  clear(): void {
    this.rows.clear();
    this.jobRows.clear();
    this.inbound.clear();
  }

  #writeJobs(change: JobRowChange): void {
    if (change.kind === "delete") {
      for (const slot of change.slots) this.jobRows.delete(slot);
      return;
    }
    const { kind, ...row } = change;
    const before = this.jobRows.get(row.slot);
    if (kind === "append") {
      if (before === undefined)
        throw new Error(`There is no row ${row.slot} of job records that could be appended to.`);
      row.fingerprints = before.fingerprints + row.fingerprints;
      row.records = before.records + row.records;
    }
    this.jobRows.set(row.slot, row);
  }

  #write(change: RowChange): void {
    if (change.kind === "delete") {
      for (const slot of change.slots) this.rows.delete(slot);
    } else if (change.kind === "merge") {
      if (!this.rows.delete(change.slot)) throw new Error(`There is no row ${change.slot} that could be merged.`);
      this.rows.set(change.into, { slot: change.into, ...EMPTY });
    } else {
      this.rows.set(change.slot, changed(this.rows.get(change.slot) ?? { slot: change.slot, ...EMPTY }, change));
    }
  }
}

/** A row as it is after a change. */
function changed(row: Row, change: Exclude<RowChange, { kind: "merge" | "delete" }>): Row {
  switch (change.kind) {
    case "write": {
      const { kind, keepsMessages, keepsPayloads, keepsKeys, ...contents } = change;
      if (keepsPayloads && !keepsMessages) throw new Error(`Row ${row.slot} keeps payloads without its messages.`);
      const kept = { ...EMPTY, ...(keepsMessages ? textsOf(row) : {}), ...(keepsKeys ? keysOf(row) : {}) };
      if (!keepsPayloads) kept.payloads = "";
      return {
        ...contents,
        payloads: kept.payloads + change.payloads,
        groups: kept.groups + change.groups,
        keys: kept.keys + change.keys,
        fingerprints: kept.fingerprints + change.fingerprints,
      };
    }
    case "update": {
      const { kind, ...states } = change;
      return { ...row, ...states };
    }
    case "totals":
      return {
        ...row,
        keys: row.keys + change.keys,
        fingerprints: row.fingerprints + change.fingerprints,
        keysUntil: Math.max(row.keysUntil, change.keysUntil),
      };
    default:
      return change satisfies never;
  }
}

function textsOf({ payloads, groups }: Row): Pick<Row, "payloads" | "groups"> {
  return { payloads, groups };
}

function keysOf({ keys, fingerprints }: Row): Pick<Row, "keys" | "fingerprints"> {
  return { keys, fingerprints };
}
