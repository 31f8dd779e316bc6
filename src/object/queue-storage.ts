import type { BlockState, BlockSummary } from "../queue/block.ts";
import type { Configuration } from "../queue/configuration.ts";
import type { Existing } from "../queue/queue.ts";
import type { Commit, RowChange, RowReader, StoredBlock, Totals } from "../queue/rows.ts";
import { migrate, storedVersion } from "./migrations.ts";

/** Totals as they are stored, with the one count that only the storage can know. */
type StoredTotals = Totals & { rowsWritten: number };

/** The columns of a block's summary, with null for a time that never comes. */
const SUMMARY =
  "slot, number, priority, put_at, count, bytes, visible, delayed, leased, dead, next_due_at, last_due_at";

/** What changes when messages are delivered, in the order of `changing`. */
const CHANGING =
  "visible = ?, delayed = ?, leased = ?, dead = ?, next_due_at = ?, last_due_at = ?, state = ?, notes = ?";

type BlockRow = Record<"slot" | "number" | "priority" | "put_at" | "count" | "bytes", number> &
  Record<"visible" | "delayed" | "leased" | "dead" | "last_due_at" | "keys_until", number> & {
    next_due_at: number | null;
    keys: string | null;
  };

/** The rows of one queue in the SQLite database of its Durable Object. Every statement about them is in here. */
export class QueueStorage implements RowReader {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  /** False until the queue is created: reading an unknown name must write nothing. */
  isCreated = false;
  /** What Cloudflare would bill since the queue was created, by the storage's own counter. */
  rowsWritten = 0;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  get bytes(): number {
    return this.#sql.databaseSize;
  }

  /** What is stored, without the messages' lines; undefined where there is no queue. */
  load(): Existing | undefined {
    if (storedVersion(this.#sql) === 0) return undefined;
    this.rowsWritten += migrate(this.#storage);
    const { incarnation, configuration } = this.#sql
      .exec<{ incarnation: string; configuration: string }>("SELECT incarnation, configuration FROM queue")
      .one();
    this.isCreated = true;
    const existing = { incarnation, configuration: JSON.parse(configuration) as Configuration };
    const [newest] = this.#sql
      .exec<{ totals: string }>("SELECT totals FROM blocks ORDER BY commit_number DESC LIMIT 1")
      .toArray();
    if (newest === undefined) return existing;
    const { rowsWritten, ...totals } = JSON.parse(newest.totals) as StoredTotals;
    this.rowsWritten += rowsWritten;
    return { ...existing, stored: { totals, blocks: this.#blocks(totals.time) } };
  }

  state(slot: number): BlockState {
    const { state, notes } = this.#sql
      .exec<{ state: ArrayBuffer | null; notes: string | null }>("SELECT state, notes FROM blocks WHERE slot = ?", slot)
      .one();
    return { state: state && new Uint8Array(state), notes };
  }

  lines(slot: number): string {
    return this.#textOf(slot, "SELECT lines AS text FROM blocks WHERE slot = ?");
  }

  keys(slot: number): string {
    return this.#textOf(slot, "SELECT keys AS text FROM blocks WHERE slot = ?");
  }

  /** Makes the tables, or stores a changed configuration. */
  configure(incarnation: string, configuration: Configuration): void {
    if (!this.isCreated) this.rowsWritten += migrate(this.#storage);
    this.isCreated = true;
    this.#write(
      "INSERT OR REPLACE INTO queue (id, incarnation, configuration) VALUES (1, ?, ?)",
      incarnation,
      JSON.stringify(configuration),
    );
  }

  /** Writes a commit. Without an `await` in between, all of it and what surrounds it is one transaction. */
  write({ changes, totals }: Commit): void {
    const storedTotals: StoredTotals = { ...totals, rowsWritten: this.rowsWritten + changes.length };
    const totalsText = JSON.stringify(storedTotals);
    for (const change of changes) this.#writeChange(change, totals.commit, totalsText);
  }

  /** Deletes everything, which is also the only way to end the billing of storage. */
  async erase(): Promise<void> {
    await this.#storage.deleteAll();
    this.isCreated = false;
    this.rowsWritten = 0;
  }

  *#blocks(time: number): Generator<StoredBlock> {
    const rows = this.#sql.exec<BlockRow>(
      `SELECT ${SUMMARY}, keys_until, CASE WHEN keys_until > ? THEN keys END AS keys FROM blocks ORDER BY number`,
      time,
    );
    for (const { put_at: putAt, next_due_at, last_due_at: lastDueAt, keys_until: keysUntil, ...row } of rows) {
      yield { ...row, putAt, nextDueAt: next_due_at ?? Number.POSITIVE_INFINITY, lastDueAt, keysUntil };
    }
  }

  #writeChange(change: RowChange, commit: number, totals: string): void {
    const { slot } = change;
    switch (change.kind) {
      case "write":
        if (change.keepsKeys) {
          this.#write(
            `UPDATE blocks SET commit_number = ?, totals = ?, number = ?, priority = ?, put_at = ?, count = ?, bytes = ?, keys_until = ?,
               ${CHANGING}, keys = keys || ?, lines = ? WHERE slot = ?`,
            ...[
              commit,
              totals,
              change.number,
              change.priority,
              change.putAt,
              change.count,
              change.bytes,
              change.keysUntil,
            ],
            ...[...changing(change), change.state, change.notes, change.keys, change.lines, slot],
          );
          break;
        }
        this.#write(
          `INSERT OR REPLACE INTO blocks (commit_number, totals, ${SUMMARY}, keys_until, state, notes, keys, lines)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          ...[commit, totals, slot, change.number, change.priority, change.putAt, change.count, change.bytes],
          ...[...changing(change), change.keysUntil, change.state, change.notes, change.keys, change.lines],
        );
        break;
      case "append":
        this.#write(
          `UPDATE blocks SET commit_number = ?, totals = ?, count = ?, bytes = ?, keys_until = ?, ${CHANGING},
             keys = keys || ?, lines = lines || ? WHERE slot = ?`,
          ...[commit, totals, change.count, change.bytes, change.keysUntil, ...changing(change)],
          ...[change.state, change.notes, change.keys, change.lines, slot],
        );
        break;
      case "update":
        this.#write(
          `UPDATE blocks SET commit_number = ?, totals = ?, ${CHANGING} WHERE slot = ?`,
          ...[commit, totals, ...changing(change), change.state, change.notes, slot],
        );
        break;
      case "free":
        this.#write(
          `UPDATE blocks SET commit_number = ?, totals = ?, number = 0, count = 0, bytes = 0, keys_until = ?, visible = 0,
             delayed = 0, leased = 0, dead = 0, state = NULL, notes = NULL, keys = keys || ?, lines = '' WHERE slot = ?`,
          ...[commit, totals, change.keysUntil, change.keys, slot],
        );
        break;
      case "totals":
        this.#write(
          `INSERT INTO blocks (commit_number, totals, ${SUMMARY}, keys_until, keys, lines)
           VALUES (?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0, ?, ?, '')
           ON CONFLICT (slot) DO UPDATE SET commit_number = excluded.commit_number, totals = excluded.totals,
             keys_until = max(keys_until, excluded.keys_until), keys = keys || excluded.keys`,
          ...[commit, totals, slot, change.keysUntil, change.keys],
        );
        break;
      default:
        change satisfies never;
    }
  }

  #write(statement: string, ...bindings: (string | number | Uint8Array | null)[]): void {
    this.rowsWritten += this.#sql.exec(statement, ...bindings).rowsWritten;
  }

  #textOf(slot: number, statement: string): string {
    if (!this.isCreated) return "";
    const [row] = this.#sql.exec<{ text: string }>(statement, slot).toArray();
    return row?.text ?? "";
  }
}

function changing({
  dead,
  visible,
  delayed,
  leased,
  nextDueAt,
  lastDueAt,
}: Omit<BlockSummary, "priority" | "putAt" | "count" | "bytes">): (number | null)[] {
  return [visible, delayed, leased, dead, Number.isFinite(nextDueAt) ? nextDueAt : null, lastDueAt];
}
