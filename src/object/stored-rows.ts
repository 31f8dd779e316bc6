import { STATE_NAMES } from "../contract/states.ts";
import { type Changes, changed, DEFAULT_CONFIGURATION } from "../queue/base/configuration.ts";
import { DamagedRow } from "../queue/base/damage.ts";
import type { Existing } from "../queue/queue.ts";
import { decodeOwnRules } from "../queue/store/own-rules.ts";
import type { InboundTransfer, RowReader, StoredJobRow, StoredSegment } from "../queue/store/rows.ts";
import type { SegmentState } from "../queue/store/segment-summary.ts";
import { countsBy, type StateCounts } from "../queue/store/states.ts";
import { type JobTotals, NO_JOBS, NO_TOTALS, type Totals } from "../queue/store/totals.ts";
import { renamedTotals } from "./migrations.ts";

/** Totals as they are stored, with the one count that only the storage knows. */
export type StoredTotals = Totals & { rowsWritten: number };

type SegmentRow = Record<
  "slot" | "number" | "priority" | "dead_letters" | "grouped" | "moved" | "put_at" | "count" | "bytes" | "keys_until",
  number
> &
  StateCounts & {
    last_due_at: number;
    next_due_at: number | null;
    fingerprints: string | null;
    own_rules: string | null;
  };

/** The columns have the names of the fields. */
type JobRow = { [Name in keyof StoredJobRow]: StoredJobRow[Name] };

const SEGMENTS = `SELECT slot, number, priority, dead_letters, grouped, moved, own_rules, put_at, count, bytes,
    ${STATE_NAMES.join(", ")}, next_due_at, last_due_at, keys_until,
    CASE WHEN keys_until > ? THEN fingerprints END AS fingerprints FROM segments ORDER BY number`;

const JOB_ROWS = `SELECT slot, number, until, count, bytes, CASE WHEN until > ? THEN fingerprints END AS fingerprints
    FROM job_records`;

/** Reads the rows of one queue from the SQLite database of its Durable Object. */
export class StoredRows implements RowReader {
  readonly #sql: SqlStorage;
  /** False until the queue is created: there are no tables then, and a read must not make them. */
  isCreated = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /**
   * A queue of which there are tables, without the payloads of its messages.
   *
   * @throws {DamagedRow} if the newest totals cannot be read
   */
  load(): { existing: Existing; rowsWritten: number } {
    const { generation, configuration } = this.#sql
      .exec<{ generation: string; configuration: string }>("SELECT generation, configuration FROM queue")
      .one();
    this.isCreated = true;
    // A setting that was not there yet when the queue was stored has its default.
    const stored = flattened(JSON.parse(configuration));
    const existing = { generation, configuration: changed(DEFAULT_CONFIGURATION, stored) };
    const [newest] = this.#sql
      .exec<{ slot: number; totals: string }>("SELECT slot, totals FROM segments ORDER BY commit_number DESC LIMIT 1")
      .toArray();
    if (newest === undefined) return { existing, rowsWritten: 0 };
    const { rowsWritten, ...totals } = decodeTotals(newest.slot, newest.totals);
    const [segments, jobRows] = [this.#segments(totals.time), this.#jobRows(totals.time)];
    return { existing: { ...existing, stored: { totals, segments, jobRows } }, rowsWritten };
  }

  state(slot: number): SegmentState {
    const [row] = this.#sql
      .exec<{ state: ArrayBuffer | null; notes: string | null }>(
        "SELECT state, notes FROM segments WHERE slot = ?",
        slot,
      )
      .toArray();
    if (row === undefined) throw new DamagedRow(slot, "it is not there");
    return { state: row.state && new Uint8Array(row.state), notes: row.notes };
  }

  payloads(slot: number): string {
    return this.#textOf(slot, "SELECT payloads AS text FROM segments WHERE slot = ?");
  }

  groups(slot: number): string {
    return this.#textOf(slot, "SELECT groups AS text FROM segments WHERE slot = ?");
  }

  keys(slot: number): string {
    return this.#textOf(slot, "SELECT keys AS text FROM segments WHERE slot = ?");
  }

  fingerprints(slot: number): string {
    return this.#textOf(slot, "SELECT fingerprints AS text FROM segments WHERE slot = ?");
  }

  jobRecords(slot: number): string {
    return this.#textOf(slot, "SELECT records AS text FROM job_records WHERE slot = ?");
  }

  jobFingerprints(slot: number): string {
    return this.#textOf(slot, "SELECT fingerprints AS text FROM job_records WHERE slot = ?");
  }

  lastInboundTransfer(source: string): InboundTransfer | undefined {
    if (!this.isCreated) return undefined;
    const [row] = this.#sql
      .exec<{ number: number; refused: number; used_at: number }>(
        "SELECT number, refused, used_at FROM inbound_transfers WHERE source = ?",
        source,
      )
      .toArray();
    return row && { source, number: row.number, isRefused: row.refused === 1, usedAt: row.used_at };
  }

  sendersUsedBy(time: number): { sources: number; lastUsedAt: number } {
    if (!this.isCreated) return { sources: 0, lastUsedAt: 0 };
    return this.#sql
      .exec<{ sources: number; lastUsedAt: number }>(
        `SELECT count(*) AS sources, coalesce(max(CASE WHEN used_at <= ? THEN used_at END), 0) AS lastUsedAt
           FROM inbound_transfers`,
        time,
      )
      .one();
  }

  sendersUnusedSince(time: number, most: number): string[] {
    if (!this.isCreated) return [];
    const statement = "SELECT source FROM inbound_transfers WHERE used_at < ? ORDER BY used_at LIMIT ?";
    return Array.from(this.#sql.exec<{ source: string }>(statement, time, most), ({ source }) => source);
  }

  *#segments(time: number): Generator<StoredSegment> {
    for (const row of this.#sql.exec<SegmentRow>(SEGMENTS, time)) {
      const { slot, number, priority, count, bytes, fingerprints } = row;
      yield {
        ...{ slot, number, priority, count, bytes, fingerprints },
        counts: countsBy((name) => row[name]),
        areDeadLetters: row.dead_letters === 1,
        isGrouped: row.grouped === 1,
        holdsMoved: row.moved === 1,
        ownRules: decodeOwnRules(slot, row.own_rules),
        putAt: row.put_at,
        nextDueAt: row.next_due_at ?? Number.POSITIVE_INFINITY,
        lastDueAt: row.last_due_at,
        keysUntil: row.keys_until,
      };
    }
  }

  *#jobRows(time: number): Generator<StoredJobRow> {
    yield* this.#sql.exec<JobRow>(JOB_ROWS, time);
  }

  #textOf(slot: number, statement: string): string {
    if (!this.isCreated) return "";
    const [row] = this.#sql.exec<{ text: string }>(statement, slot).toArray();
    return row?.text ?? "";
  }
}

/** A configuration as it is stored. Up to version 3 some settings were in groups, and no dead-letter queue was "". */
function flattened(stored: Record<string, unknown>): Changes {
  const { redelivery, keys, retention, ...others } = stored;
  const settings = { ...others, ...(redelivery ?? {}), ...(keys ?? {}), ...(retention ?? {}) } as Changes;
  return settings.deadLetterQueue === ("" as string) ? { ...settings, deadLetterQueue: null } : settings;
}

/** The totals of a row. */
function decodeTotals(slot: number, text: string): StoredTotals {
  let totals: unknown;
  try {
    totals = JSON.parse(renamedTotals(text));
  } catch {
    throw new DamagedRow(slot, "its totals are not JSON");
  }
  if (!areTotals(totals)) throw new DamagedRow(slot, `its totals are ${text.slice(0, 1_000)}`);
  return totals;
}

function areTotals(value: unknown): value is StoredTotals {
  if (typeof value !== "object" || value === null) return false;
  const { transfers, backoff, jobs = NO_JOBS, ...counts } = value as Record<keyof StoredTotals, unknown>;
  const names = Object.keys({ ...NO_TOTALS, rowsWritten: 0 }) as Exclude<keyof StoredTotals, "jobs">[];
  const areCounts = names.every((name) => name === "transfers" || name === "backoff" || isCount(counts[name]));
  return areCounts && Array.isArray(transfers) && typeof backoff === "object" && areJobTotals(jobs);
}

function areJobTotals(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const counts = value as Record<keyof JobTotals, unknown>;
  return (Object.keys(NO_JOBS) as (keyof JobTotals)[]).every((name) => isCount(counts[name]));
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
