/**
 * The versions of a queue's tables. A step that has been released never changes; a new version is a new step, at the end of
 * the list, and a fixture of its files in test/fixtures. All steps of a queue are applied in one transaction when it is
 * loaded, so none of them may write every row: a queue may have so many that there is neither time nor room for it.
 *
 * The version is kept in a table of its own, because Durable Objects refuse `PRAGMA user_version`.
 */
export const STEPS: readonly string[] = [
  `CREATE TABLE queue (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     incarnation TEXT NOT NULL,
     configuration TEXT NOT NULL
   );
   -- What is small and changes stands before what is large and does not: SQLite then rewrites only the first page.
   -- No index and no AUTOINCREMENT: each would be billed as one more row per write.
   CREATE TABLE blocks (
     slot INTEGER PRIMARY KEY,
     commit_number INTEGER NOT NULL,
     totals TEXT NOT NULL,
     number INTEGER NOT NULL,
     count INTEGER NOT NULL,
     priority INTEGER NOT NULL,
     letters INTEGER NOT NULL,
     grouped INTEGER NOT NULL,
     put_at INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     visible INTEGER NOT NULL,
     delayed INTEGER NOT NULL,
     leased INTEGER NOT NULL,
     dead INTEGER NOT NULL,
     moving INTEGER NOT NULL,
     next_due_at INTEGER,
     last_due_at INTEGER NOT NULL,
     keys_until INTEGER NOT NULL,
     state BLOB,
     notes TEXT,
     groups TEXT NOT NULL,
     keys TEXT NOT NULL,
     fingerprints TEXT NOT NULL,
     lines TEXT NOT NULL
   );
   -- The last transfer that came in from each other queue.
   CREATE TABLE arrivals (source TEXT PRIMARY KEY, number INTEGER NOT NULL, refused INTEGER NOT NULL) WITHOUT ROWID;`,
  `ALTER TABLE arrivals ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
   -- When those were used that there are is not known. As of now they are old enough later than any of them is.
   UPDATE arrivals SET used_at = unixepoch() * 1000;`,
  // The words that the code uses. No row is written: a queue may have so many that there is neither time nor room for it.
  `ALTER TABLE blocks RENAME TO segments;
   ALTER TABLE queue RENAME COLUMN incarnation TO generation;
   ALTER TABLE arrivals RENAME TO inbound_transfers;
   ALTER TABLE segments RENAME COLUMN moving TO transferring;
   ALTER TABLE segments RENAME COLUMN lines TO payloads;
   ALTER TABLE segments RENAME COLUMN letters TO dead_letters;`,
  // Whether a row has messages that were put into other rows, and the rules that its messages have of their own, or null. No
  // row is written: the defaults are part of the table.
  `ALTER TABLE segments ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE segments ADD COLUMN own_rules TEXT;`,
  // The outcomes of jobs. No index, as above.
  `CREATE TABLE job_records (
     slot INTEGER PRIMARY KEY,
     number INTEGER NOT NULL,
     until INTEGER NOT NULL,
     count INTEGER NOT NULL,
     bytes INTEGER NOT NULL,
     fingerprints TEXT NOT NULL,
     records TEXT NOT NULL
   );`,
];

export const NEWEST_VERSION = STEPS.length;

/** Fields that totals had in rows stored by version 2, and the names of these fields now. */
const RENAMED_TOTALS = [
  ['"lastBlock":', '"lastSegment":'],
  ['"moved":', '"transferred":'],
  ['"refusal":', '"backoff":'],
] as const;

/** Totals as they are stored, with the names of fields that they have now. No value in them ends with such a name. */
export function renamedTotals(text: string): string {
  return RENAMED_TOTALS.reduce((renamed, [before, now]) => renamed.replace(before, now), text);
}

/** The version of the stored tables; 0 if there are none. Writes nothing. */
export function storedVersion(sql: SqlStorage): number {
  const [{ tables } = { tables: 0 }] = sql
    .exec<{ tables: number }>(
      "SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table' AND name = 'migrations'",
    )
    .toArray();
  if (tables === 0) return 0;
  return sql.exec<{ version: number }>("SELECT coalesce(max(version), 0) AS version FROM migrations").one().version;
}

/** The names of the messages' table and of columns that are read of tables which cannot be migrated. */
export interface TableNames {
  segments: string;
  payloads: string;
  generation: string;
}

/** The names in the stored tables: those of the newest version if their version cannot be read. Writes nothing. */
export function storedNames(sql: SqlStorage): TableNames {
  let version = NEWEST_VERSION;
  try {
    version = storedVersion(sql);
  } catch {
    // Damaged.
  }
  if (version < 3) return { segments: "blocks", payloads: "lines", generation: "incarnation" };
  return { segments: "segments", payloads: "payloads", generation: "generation" };
}

/** Brings the tables to the newest version, all steps or none. Returns the number of rows that it wrote. */
export function migrate(storage: DurableObjectStorage): number {
  const { sql } = storage;
  const version = storedVersion(sql);
  if (version > NEWEST_VERSION) {
    throw new Error(
      `The queue was stored by a newer version: its tables have version ${version}, not ${NEWEST_VERSION}.`,
    );
  }
  if (version === NEWEST_VERSION) return 0;
  return storage.transactionSync(() => {
    let { rowsWritten } = sql.exec("CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY)");
    for (const [index, step] of STEPS.entries()) {
      if (index < version) continue;
      rowsWritten += sql.exec(step).rowsWritten;
      rowsWritten += sql.exec("INSERT INTO migrations (version) VALUES (?)", index + 1).rowsWritten;
    }
    return rowsWritten;
  });
}
