import type { BlockState, BlockSummary, Lane } from "../queue/block.ts";
import type { Configuration } from "../queue/configuration.ts";
import type { Existing } from "../queue/queue.ts";
import {
  type Arrival,
  type Commit,
  type Keys,
  NO_KEYS,
  NO_MESSAGES,
  type RowChange,
  type RowReader,
  type StoredBlock,
  type Totals,
} from "../queue/rows.ts";
import { migrate, storedVersion } from "./migrations.ts";

/** How much is written before the size of the database is looked at again. */
const LOOK_AFTER_CHARACTERS = 64 * 1024;
/** So near to its bound it is looked at each time: much more than what the characters in between can take. */
const NEAR_BYTES = 64 * 1024 * 1024;

/** Slots that one statement deletes: each is bound as a part of one JSON text. */
const DELETED_AT_ONCE_MAX = 1_000;

/** Totals as they are stored, with the one count that only the storage can know. */
type StoredTotals = Totals & { rowsWritten: number };

/** What a block's messages are. */
const CONTENTS = ["priority", "letters", "grouped", "put_at", "count", "bytes", "keys_until"];
/** What changes when they are delivered. */
const CHANGING = [
  ...["visible", "delayed", "leased", "dead", "moving", "next_due_at", "last_due_at", "state", "notes"],
];
/** All columns, in the order in which `valuesOf` has their values. */
const COLUMNS = [
  "commit_number",
  "totals",
  "number",
  ...CONTENTS,
  ...CHANGING,
  "lines",
  "groups",
  "keys",
  "fingerprints",
  "slot",
];

const INSERT = `INTO blocks (${COLUMNS.join(", ")}) VALUES (${COLUMNS.map(() => "?").join(", ")})`;

const STATEMENTS = {
  write: `INSERT OR REPLACE ${INSERT}`,
  writeKeepingKeys: update(COLUMNS.slice(0, -3), ["keys", "fingerprints"]),
  append: update(["commit_number", "totals", ...CONTENTS, ...CHANGING], ["lines", "groups", "keys", "fingerprints"]),
  update: update(["commit_number", "totals", ...CHANGING], []),
  merge: update(COLUMNS, [], "UPDATE OR REPLACE"),
  delete: "DELETE FROM blocks WHERE slot IN (SELECT value FROM json_each(?))",
  totals: `INSERT ${INSERT} ON CONFLICT (slot) DO UPDATE SET commit_number = excluded.commit_number,
    totals = excluded.totals, keys_until = max(keys_until, excluded.keys_until), keys = keys || excluded.keys,
    fingerprints = fingerprints || excluded.fingerprints`,
};

function update(replaced: string[], appended: string[], verb = "UPDATE"): string {
  const sets = [
    ...replaced.map((column) => `${column} = ?`),
    ...appended.map((column) => `${column} = ${column} || ?`),
  ];
  return `${verb} blocks SET ${sets.join(", ")} WHERE slot = ?`;
}

type Value = string | number | Uint8Array | null;

type BlockRow = Record<
  "slot" | "number" | "priority" | "letters" | "grouped" | "put_at" | "count" | "bytes" | "keys_until",
  number
> &
  Record<"visible" | "delayed" | "leased" | "dead" | "moving" | "last_due_at", number> & {
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

  groups(slot: number): string {
    return this.#textOf(slot, "SELECT groups AS text FROM blocks WHERE slot = ?");
  }

  keys(slot: number): string {
    return this.#textOf(slot, "SELECT keys AS text FROM blocks WHERE slot = ?");
  }

  lastArrival(source: string): Arrival | undefined {
    if (!this.isCreated) return undefined;
    const [row] = this.#sql
      .exec<{ number: number; refused: number }>("SELECT number, refused FROM arrivals WHERE source = ?", source)
      .toArray();
    return row && { source, number: row.number, isRefused: row.refused === 1 };
  }

  fingerprints(slot: number): string {
    return this.#textOf(slot, "SELECT fingerprints AS text FROM blocks WHERE slot = ?");
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
  write({ changes, totals, arrivals }: Commit): void {
    for (const { source, number, isRefused } of arrivals) {
      const statement = "INSERT OR REPLACE INTO arrivals (source, number, refused) VALUES (?, ?, ?)";
      this.#write(statement, source, number, Number(isRefused));
    }
    // First, because only then it is known how many rows there were to delete.
    for (const change of changes) if (change.kind === "delete") this.#delete(change.slots);
    const written = changes.filter((change) => change.kind !== "delete");
    const storedTotals: StoredTotals = { ...totals, rowsWritten: this.rowsWritten + written.length };
    const totalsText = JSON.stringify(storedTotals);
    for (const change of written) this.#writeChange(change, totals.commit, totalsText);
  }

  #delete(slots: readonly number[]): void {
    for (let begin = 0; begin < slots.length; begin += DELETED_AT_ONCE_MAX) {
      this.#write(STATEMENTS.delete, JSON.stringify(slots.slice(begin, begin + DELETED_AT_ONCE_MAX)));
    }
  }

  /** Has the object woken at this time. Part of the transaction that is written around it. */
  setAlarm(at: number): void {
    void this.#storage.setAlarm(at);
    this.rowsWritten += 1;
  }

  /** Deletes everything, which is also the only way to end the billing of storage. */
  async erase(): Promise<void> {
    await this.#storage.deleteAll();
    this.isCreated = false;
    this.rowsWritten = 0;
  }

  *#blocks(time: number): Generator<StoredBlock> {
    const rows = this.#sql.exec<BlockRow>(
      `SELECT slot, number, priority, letters, grouped, put_at, count, bytes, visible, delayed, leased, dead, moving, next_due_at,
         last_due_at, keys_until, CASE WHEN keys_until > ? THEN fingerprints END AS fingerprints FROM blocks ORDER BY number`,
      time,
    );
    for (const {
      put_at: putAt,
      letters,
      grouped,
      next_due_at,
      last_due_at: lastDueAt,
      keys_until: keysUntil,
      ...row
    } of rows) {
      yield {
        ...row,
        areLetters: letters === 1,
        isGrouped: grouped === 1,
        putAt,
        nextDueAt: next_due_at ?? Number.POSITIVE_INFINITY,
        lastDueAt,
        keysUntil,
      };
    }
  }

  #writeChange(change: Exclude<RowChange, { kind: "delete" }>, commit: number, totals: string): void {
    const { slot } = change;
    if ("lines" in change) this.#charactersUnseen += change.lines.length;
    switch (change.kind) {
      case "write": {
        const statement = change.keepsKeys ? STATEMENTS.writeKeepingKeys : STATEMENTS.write;
        this.#write(
          statement,
          commit,
          totals,
          change.number,
          ...contents(change),
          ...changing(change),
          ...texts(change),
        );
        break;
      }
      case "append":
        this.#write(STATEMENTS.append, commit, totals, ...contents(change), ...changing(change), ...texts(change));
        break;
      case "update":
        this.#write(STATEMENTS.update, commit, totals, ...changing(change), slot);
        break;
      case "free":
      case "totals": {
        const none = { ...NO_MESSAGES, ...change };
        const statement = change.kind === "free" ? STATEMENTS.writeKeepingKeys : STATEMENTS.totals;
        this.#write(statement, commit, totals, 0, ...contents(none), ...changing(none), ...texts(none));
        break;
      }
      case "merge": {
        const none = { ...NO_MESSAGES, ...NO_KEYS, slot: change.into };
        const values = [...contents(none), ...changing(none), ...texts(none)];
        this.#write(STATEMENTS.merge, commit, totals, 0, ...values, slot);
        break;
      }
      default:
        change satisfies never;
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

function contents({
  priority,
  areLetters,
  isGrouped,
  putAt,
  count,
  bytes,
  keysUntil,
}: BlockSummary & { keysUntil: number }): Value[] {
  return [priority, Number(areLetters), Number(isGrouped), putAt, count, bytes, keysUntil];
}

function changing(changed: Omit<BlockSummary, keyof Lane | "putAt" | "count" | "bytes"> & BlockState): Value[] {
  const { visible, delayed, leased, dead, moving, nextDueAt, lastDueAt, state, notes } = changed;
  const due = Number.isFinite(nextDueAt) ? nextDueAt : null;
  return [visible, delayed, leased, dead, moving, due, lastDueAt, state, notes];
}

function texts(row: Pick<Keys, "keys" | "fingerprints"> & { lines: string; groups: string; slot: number }): Value[] {
  return [row.lines, row.groups, row.keys, row.fingerprints, row.slot];
}
