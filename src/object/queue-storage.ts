import type { Configuration } from "../queue/base/configuration.ts";
import { DamagedRow } from "../queue/base/damage.ts";
import type { Existing } from "../queue/queue.ts";
import type { Commit, InboundTransfer, RowReader, StoredSegment } from "../queue/store/rows.ts";
import type { SegmentState } from "../queue/store/segment.ts";
import { NO_TOTALS, type Totals } from "../queue/store/totals.ts";
import { migrate, storedVersion } from "./migrations.ts";
import { statementOf, type Value } from "./segment-rows.ts";

/** How much is written before the size of the database is looked at again. */
const LOOK_AFTER_CHARACTERS = 64 * 1024;
/** So near to its bound it is looked at each time: much more than what the characters in between can take. */
const NEAR_BYTES = 64 * 1024 * 1024;

/** Slots that one statement deletes: each is bound as a part of one JSON text. */
const DELETED_AT_ONCE_MAX = 1_000;

/** Totals as they are stored, with the one count that only the storage can know. */
type StoredTotals = Totals & { rowsWritten: number };

const DELETE = "DELETE FROM segments WHERE slot IN (SELECT value FROM json_each(?))";
const INBOUND_TRANSFER =
  "INSERT OR REPLACE INTO inbound_transfers (source, number, refused, used_at) VALUES (?, ?, ?, ?)";
const FORGET_SENDERS = "DELETE FROM inbound_transfers WHERE source IN (SELECT value FROM json_each(?))";

type SegmentRow = Record<
  "slot" | "number" | "priority" | "dead_letters" | "grouped" | "put_at" | "count" | "bytes" | "keys_until",
  number
> &
  Record<"visible" | "delayed" | "leased" | "dead" | "transferring" | "last_due_at", number> & {
    next_due_at: number | null;
    fingerprints: string | null;
  };

/** The rows of one queue in the SQLite database of its Durable Object. Every statement about them is in here. */
export class QueueStorage implements RowReader {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  /** False until the queue is created: reading an unknown name must write nothing. */
  isCreated = false;
  /** What Cloudflare would bill since the queue was created, by the storage's own counter. */
  rowsWritten = 0;

  #bytesSeen = 0;
  /** How much was written since. */
  #charactersUnseen = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  get bytes(): number {
    return this.#sql.databaseSize;
  }

  /** Whether the database has this size. Far from it that is not looked at each time, because a look is a query. */
  hasReached(bytes: number): boolean {
    if (this.#charactersUnseen >= LOOK_AFTER_CHARACTERS || this.#bytesSeen >= bytes - NEAR_BYTES) {
      this.#bytesSeen = this.bytes;
      this.#charactersUnseen = 0;
    }
    return this.#bytesSeen >= bytes;
  }

  /** Forgets what it knows of the rows, after writes that were rolled back. To be followed by `load`. */
  forget(): void {
    this.isCreated = false;
    this.rowsWritten = 0;
    this.#charactersUnseen = Number.POSITIVE_INFINITY;
  }

  /**
   * What is stored, without the messages' payloads; undefined where there is no queue.
   *
   * @throws {DamagedRow} if the newest totals cannot be read
   */
  load(): Existing | undefined {
    if (storedVersion(this.#sql) === 0) return undefined;
    this.rowsWritten += migrate(this.#storage);
    const { generation, configuration } = this.#sql
      .exec<{ generation: string; configuration: string }>("SELECT generation, configuration FROM queue")
      .one();
    this.isCreated = true;
    const existing = { generation, configuration: JSON.parse(configuration) as Configuration };
    const [newest] = this.#sql
      .exec<{ slot: number; totals: string }>("SELECT slot, totals FROM segments ORDER BY commit_number DESC LIMIT 1")
      .toArray();
    if (newest === undefined) return existing;
    const { rowsWritten, ...totals } = decodeTotals(newest.slot, newest.totals);
    this.rowsWritten += rowsWritten;
    return { ...existing, stored: { totals, segments: this.#segments(totals.time) } };
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

  fingerprints(slot: number): string {
    return this.#textOf(slot, "SELECT fingerprints AS text FROM segments WHERE slot = ?");
  }

  /** Makes the tables, or stores a changed configuration. */
  configure(generation: string, configuration: Configuration): void {
    if (!this.isCreated) this.rowsWritten += migrate(this.#storage);
    this.isCreated = true;
    this.#write(
      "INSERT OR REPLACE INTO queue (id, generation, configuration) VALUES (1, ?, ?)",
      generation,
      JSON.stringify(configuration),
    );
  }

  /** Writes a commit. Without an `await` in between, all of it and what surrounds it is one transaction. */
  write({ changes, totals, inboundTransfers, forgottenSenders }: Commit): void {
    // First, because one of them may come again in this commit.
    if (forgottenSenders.length > 0) this.#write(FORGET_SENDERS, JSON.stringify(forgottenSenders));
    for (const { source, number, isRefused, usedAt } of inboundTransfers) {
      this.#write(INBOUND_TRANSFER, source, number, Number(isRefused), usedAt);
    }
    // First, because only then it is known how many rows there were to delete.
    for (const change of changes) if (change.kind === "delete") this.#delete(change.slots);
    const written = changes.filter((change) => change.kind !== "delete");
    const storedTotals: StoredTotals = { ...totals, rowsWritten: this.rowsWritten + written.length };
    const totalsText = JSON.stringify(storedTotals);
    for (const change of written) {
      if ("payloads" in change) this.#charactersUnseen += change.payloads.length;
      this.#write(...statementOf(change, totals.commit, totalsText));
    }
  }

  #delete(slots: readonly number[]): void {
    for (let begin = 0; begin < slots.length; begin += DELETED_AT_ONCE_MAX) {
      this.#write(DELETE, JSON.stringify(slots.slice(begin, begin + DELETED_AT_ONCE_MAX)));
    }
  }

  /** To be told that the alarm was set, which is billed as a row. */
  countAlarm(): void {
    this.rowsWritten += 1;
  }

  /** Deletes everything, which is also the only way to end the billing of storage. */
  async erase(): Promise<void> {
    await this.#storage.deleteAll();
    this.isCreated = false;
    this.rowsWritten = 0;
  }

  *#segments(time: number): Generator<StoredSegment> {
    const rows = this.#sql.exec<SegmentRow>(
      `SELECT slot, number, priority, dead_letters, grouped, put_at, count, bytes, visible, delayed, leased, dead, transferring, next_due_at,
         last_due_at, keys_until, CASE WHEN keys_until > ? THEN fingerprints END AS fingerprints FROM segments ORDER BY number`,
      time,
    );
    for (const {
      put_at: putAt,
      dead_letters,
      grouped,
      next_due_at,
      last_due_at: lastDueAt,
      keys_until: keysUntil,
      ...row
    } of rows) {
      yield {
        ...row,
        areDeadLetters: dead_letters === 1,
        isGrouped: grouped === 1,
        putAt,
        nextDueAt: next_due_at ?? Number.POSITIVE_INFINITY,
        lastDueAt,
        keysUntil,
      };
    }
  }

  #write(statement: string, ...bindings: Value[]): void {
    this.rowsWritten += this.#sql.exec(statement, ...bindings).rowsWritten;
  }

  #textOf(slot: number, statement: string): string {
    if (!this.isCreated) return "";
    const [row] = this.#sql.exec<{ text: string }>(statement, slot).toArray();
    return row?.text ?? "";
  }
}

/** The totals of a row. */
function decodeTotals(slot: number, text: string): StoredTotals {
  let totals: unknown;
  try {
    totals = JSON.parse(text);
  } catch {
    throw new DamagedRow(slot, "its totals are not JSON");
  }
  if (!areTotals(totals)) throw new DamagedRow(slot, `its totals are ${text.slice(0, 1_000)}`);
  return totals;
}

function areTotals(value: unknown): value is StoredTotals {
  if (typeof value !== "object" || value === null) return false;
  const { transfers, backoff, ...counts } = value as Record<keyof StoredTotals, unknown>;
  const names = Object.keys({ ...NO_TOTALS, rowsWritten: 0 }) as (keyof StoredTotals)[];
  const areCounts = names.every((name) => name === "transfers" || name === "backoff" || isCount(counts[name]));
  return areCounts && Array.isArray(transfers) && typeof backoff === "object";
}

function isCount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
