import { STATE_NAMES } from "../contract/states.ts";
import type { Configuration } from "../queue/base/configuration.ts";
import type { Existing } from "../queue/queue.ts";
import { encodeOwnRules } from "../queue/store/own-rules.ts";
import {
  type Changing,
  type Commit,
  type Contents,
  type JobRowChange,
  type Kept,
  NO_KEYS,
  NO_MESSAGES,
  type RowChange,
} from "../queue/store/rows.ts";
import { migrate, storedVersion } from "./migrations.ts";
import { StoredRows, type StoredTotals } from "./stored-rows.ts";

/** How much is written before the size of the database is read again. */
const SIZE_READ_AFTER_CHARACTERS = 64 * 1024;
/** Within this distance of its bound the size is read each time: much more than the unread characters can take. */
const NEAR_BYTES = 64 * 1024 * 1024;

/** Slots that one statement deletes: each is bound as a part of one JSON text. */
const DELETED_AT_ONCE_MAX = 1_000;

/** The order of the values is that of `summaryOf`, `statesOf` and `textsOf`. */
const CARRIED = ["commit_number", "totals"];
const SUMMARY = ["priority", "dead_letters", "grouped", "moved", "own_rules", "put_at", "count", "bytes", "keys_until"];
const STATES = [...STATE_NAMES, "next_due_at", "last_due_at", "state", "notes"];
const COLUMNS = [
  ...CARRIED,
  "number",
  ...SUMMARY,
  ...STATES,
  ...["payloads", "groups", "keys", "fingerprints", "slot"],
];

const INSERT = `INTO segments (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`;

const WRITE = `INSERT OR REPLACE ${INSERT}`;
const WRITE_KEEPING_KEYS = update(COLUMNS.slice(0, -1), ["keys", "fingerprints"]);
const WRITE_OVER = [...CARRIED, ...SUMMARY, ...STATES, "payloads", "groups", "keys", "fingerprints"];
const APPEND = update(WRITE_OVER, ["payloads", "groups"]);
const APPEND_KEEPING_KEYS = update(WRITE_OVER, ["payloads", "groups", "keys", "fingerprints"]);
const REWRITE = update(WRITE_OVER, ["groups"]);
const REWRITE_KEEPING_KEYS = update(WRITE_OVER, ["groups", "keys", "fingerprints"]);
const UPDATE = update([...CARRIED, ...STATES], []);
const MERGE = update(COLUMNS, [], "UPDATE OR REPLACE");
const TOTALS = `INSERT ${INSERT} ON CONFLICT (slot) DO UPDATE SET commit_number = excluded.commit_number,
    totals = excluded.totals, keys_until = max(keys_until, excluded.keys_until), keys = keys || excluded.keys,
    fingerprints = fingerprints || excluded.fingerprints`;
const DELETE = "DELETE FROM segments WHERE slot IN (SELECT value FROM json_each(?))";
const WRITE_JOBS = `INSERT OR REPLACE INTO job_records (number, until, count, bytes, fingerprints, records, slot)
    VALUES (?, ?, ?, ?, ?, ?, ?)`;
const APPEND_JOBS = `UPDATE job_records SET number = ?, until = ?, count = ?, bytes = ?, fingerprints = fingerprints || ?,
    records = records || ? WHERE slot = ?`;
const DELETE_JOBS = "DELETE FROM job_records WHERE slot IN (SELECT value FROM json_each(?))";
const INBOUND_TRANSFER =
  "INSERT OR REPLACE INTO inbound_transfers (source, number, refused, used_at) VALUES (?, ?, ?, ?)";
const FORGET_SENDERS = "DELETE FROM inbound_transfers WHERE source IN (SELECT value FROM json_each(?))";

/** @param appended columns whose values come after those that the row has */
function update(columns: string[], appended: string[], verb = "UPDATE"): string {
  const sets = columns.map((column) => (appended.includes(column) ? `${column} = ${column} || ?` : `${column} = ?`));
  return `${verb} segments SET ${sets.join(", ")} WHERE slot = ?`;
}

/** The statement that writes over the row of the same segment. */
function overwrite({ keepsPayloads, keepsKeys }: Kept): string {
  if (keepsPayloads) return keepsKeys ? APPEND_KEEPING_KEYS : APPEND;
  return keepsKeys ? REWRITE_KEEPING_KEYS : REWRITE;
}

type Value = string | number | Uint8Array | null;

/** Writes the rows of one queue to the SQLite database of its Durable Object, and knows how large it is. */
export class QueueStorage {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;
  /** Reads what this writes. */
  readonly rows: StoredRows;
  /** What Cloudflare would bill since the queue was created, by the storage's own counter. */
  rowsWritten = 0;

  #bytesSeen = 0;
  /** How many characters were written since `#bytesSeen` was read. */
  #charactersUnseen = Number.POSITIVE_INFINITY;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
    this.rows = new StoredRows(storage.sql);
  }

  /** False until the queue is created: a read of an unknown name writes nothing. */
  get isCreated(): boolean {
    return this.rows.isCreated;
  }

  /** The size of the database. */
  get bytes(): number {
    return this.#sql.databaseSize;
  }

  /** Whether the database has this size. Far from it the size is not read each time, because that is a query. */
  hasReached(bytes: number): boolean {
    if (this.#charactersUnseen >= SIZE_READ_AFTER_CHARACTERS || this.#bytesSeen >= bytes - NEAR_BYTES) {
      this.#bytesSeen = this.bytes;
      this.#charactersUnseen = 0;
    }
    return this.#bytesSeen >= bytes;
  }

  /** Forgets what it knows of the rows, after writes that were rolled back. Call `load` next. */
  forget(): void {
    this.rows.isCreated = false;
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
    const { existing, rowsWritten } = this.rows.load();
    this.rowsWritten += rowsWritten;
    return existing;
  }

  /** Makes the tables, or stores a changed configuration. */
  configure(generation: string, configuration: Configuration): void {
    if (!this.isCreated) this.rowsWritten += migrate(this.#storage);
    this.rows.isCreated = true;
    this.#run(
      "INSERT OR REPLACE INTO queue (id, generation, configuration) VALUES (1, ?, ?)",
      generation,
      JSON.stringify(configuration),
    );
  }

  /** Writes a commit. The caller makes one transaction of it. */
  write({ changes, jobRows, totals, inboundTransfers, forgottenSenders }: Commit): void {
    // First, because this commit may store one of them again.
    if (forgottenSenders.length > 0) this.#run(FORGET_SENDERS, JSON.stringify(forgottenSenders));
    for (const { source, number, isRefused, usedAt } of inboundTransfers) {
      this.#run(INBOUND_TRANSFER, source, number, Number(isRefused), usedAt);
    }
    // Before the totals are made, because `rowsWritten` counts these rows too, and not all of them need exist.
    for (const change of jobRows) this.#writeJobs(change);
    for (const change of changes) if (change.kind === "delete") this.#delete(DELETE, change.slots);
    const written = changes.filter((change) => change.kind !== "delete");
    const storedTotals: StoredTotals = { ...totals, rowsWritten: this.rowsWritten + written.length };
    const totalsText = JSON.stringify(storedTotals);
    for (const change of written) this.#change(change, totals.commit, totalsText);
  }

  /** Writes one row, with the totals of the commit. */
  #change(change: Exclude<RowChange, { kind: "delete" }>, commit: number, totals: string): void {
    switch (change.kind) {
      case "write": {
        this.#charactersUnseen += change.payloads.length;
        if (change.keepsMessages) {
          const values = [...summaryOf(change), ...statesOf(change), ...textsOf(change)];
          this.#run(overwrite(change), commit, totals, ...values);
        } else {
          const statement = change.keepsKeys ? WRITE_KEEPING_KEYS : WRITE;
          this.#run(statement, commit, totals, ...allOf(change));
        }
        return;
      }
      case "update":
        this.#run(UPDATE, commit, totals, ...statesOf(change), change.slot);
        return;
      case "merge":
        this.#run(MERGE, commit, totals, ...allOf({ ...NO_ROW, slot: change.into }), change.slot);
        return;
      case "totals":
        this.#run(TOTALS, commit, totals, ...allOf({ ...NO_ROW, ...change }));
        return;
      default:
        change satisfies never;
    }
  }

  #writeJobs(change: JobRowChange): void {
    if (change.kind === "delete") {
      this.#delete(DELETE_JOBS, change.slots);
      return;
    }
    const { kind, slot, number, until, count, bytes, fingerprints, records } = change;
    this.#charactersUnseen += records.length;
    const statement = kind === "append" ? APPEND_JOBS : WRITE_JOBS;
    this.#run(statement, number, until, count, bytes, fingerprints, records, slot);
  }

  #delete(statement: string, slots: readonly number[]): void {
    for (let begin = 0; begin < slots.length; begin += DELETED_AT_ONCE_MAX) {
      this.#run(statement, JSON.stringify(slots.slice(begin, begin + DELETED_AT_ONCE_MAX)));
    }
  }

  /** Counts an alarm that was set, which is billed as a row. */
  countAlarm(): void {
    this.rowsWritten += 1;
  }

  /** Deletes everything, which is also the only way to end the billing of storage. */
  async erase(): Promise<void> {
    await this.#storage.deleteAll();
    this.rows.isCreated = false;
    this.rowsWritten = 0;
  }

  #run(statement: string, ...bindings: Value[]): void {
    this.rowsWritten += this.#sql.exec(statement, ...bindings).rowsWritten;
  }
}

const NO_ROW: Contents = { number: 0, ...NO_MESSAGES, ...NO_KEYS };

function allOf(row: Contents & { slot: number }): Value[] {
  return [row.number, ...summaryOf(row), ...statesOf(row), ...textsOf(row)];
}

function summaryOf(row: Contents): Value[] {
  const { priority, areDeadLetters, isGrouped, holdsMoved, putAt, count, bytes, keysUntil } = row;
  const flags = [Number(areDeadLetters), Number(isGrouped), Number(holdsMoved)];
  return [priority, ...flags, encodeOwnRules(row.ownRules), putAt, count, bytes, keysUntil];
}

function statesOf(row: Changing): Value[] {
  const due = Number.isFinite(row.nextDueAt) ? row.nextDueAt : null;
  return [...STATE_NAMES.map((name) => row.counts[name]), due, row.lastDueAt, row.state, row.notes];
}

function textsOf({ payloads, groups, keys, fingerprints, slot }: Contents & { slot: number }): Value[] {
  return [payloads, groups, keys, fingerprints, slot];
}
