import { DurableObject } from "cloudflare:workers";
import {
  type CountsReport,
  type DirectoryCalls,
  type DirectoryEntry,
  type ListedQueue,
  REPORT_MS,
} from "../api/directory-calls.ts";
import type { Env } from "../env.ts";
import { storedVersion } from "./migrations.ts";
import { newerDirectory } from "./newer-data.ts";

/**
 * Steps that bring the table to its newest version, in order. The rules of `migrations.ts` hold for them too: a step that
 * has been released never changes, and a new version is a new step at the end.
 */
const STEPS: readonly string[] = [
  "CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY) WITHOUT ROWID",
  // Names that were entered before had been stored, so their data must be there.
  `ALTER TABLE queues ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
   ALTER TABLE queues ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1`,
  "ALTER TABLE queues RENAME COLUMN incarnation TO generation",
  // From here on the version is stored, so that an older build can tell that the table is newer.
  "CREATE TABLE migrations (version INTEGER PRIMARY KEY)",
  // The newest report of a queue: its counts as JSON, and times in milliseconds.
  `ALTER TABLE queues ADD COLUMN counts TEXT;
   ALTER TABLE queues ADD COLUMN oldest_at INTEGER;
   ALTER TABLE queues ADD COLUMN counted_at INTEGER`,
];

/** What is stored of the newest report of a queue; all null if it has not reported. */
interface ReportRow extends Record<string, SqlStorageValue> {
  counts: string | null;
  oldest_at: number | null;
  counted_at: number | null;
}

interface ListedRow extends ReportRow {
  name: string;
}

function columnsOf({ counts, oldestAt, countedAt }: CountsReport): [string, number | null, number] {
  return [JSON.stringify(counts), oldestAt, countedAt];
}

function listedOf({ name, counts, oldest_at: oldestAt, counted_at: countedAt }: ListedRow): ListedQueue {
  if (counts === null || countedAt === null) return { name, report: null };
  return { name, report: { counts: JSON.parse(counts) as CountsReport["counts"], oldestAt, countedAt } };
}

/** The last version that is not stored, but known by the columns of the table. */
const LAST_UNSTORED = 3;

/** The version of the table: how many of the steps it has seen, or an even newer build has applied. */
function versionIn(sql: SqlStorage): number {
  const stored = storedVersion(sql);
  if (stored > 0) return stored;
  const [table] = sql
    .exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'queues'")
    .toArray();
  if (table === undefined) return 0;
  if (table.sql.includes("generation")) return LAST_UNSTORED;
  return table.sql.includes("incarnation") ? 2 : 1;
}

/**
 * The names of all queues, each with the generation of its queue and the counts that it last reported. Durable Objects cannot be listed, so each queue enters its
 * name before it first stores anything and removes it after it was deleted. A crash in between leaves a name too many,
 * never one too few. A new entry is pending; a confirmed entry means that there is stored data, so a queue that then
 * finds none knows that its data is lost.
 */
export class DirectoryObject extends DurableObject<Env> implements DirectoryCalls {
  #isReady = false;
  /** The error of each call, if the table is of a newer version. */
  #newer: Error | undefined;

  async add(name: string, generation: string): Promise<DirectoryEntry> {
    this.#prepare();
    this.ctx.storage.sql.exec(
      `INSERT INTO queues (name, generation, confirmed) VALUES (?, ?, 0)
         ON CONFLICT (name) DO UPDATE SET generation = excluded.generation, counts = NULL, oldest_at = NULL,
           counted_at = NULL WHERE confirmed = 0`,
      name,
      generation,
    );
    return this.#find(name) as DirectoryEntry;
  }

  async confirm(name: string, generation: string, report?: CountsReport): Promise<boolean> {
    this.#prepare();
    // A queue's object of an older version does not report.
    const columns = report === undefined ? "" : ", counts = ?, oldest_at = ?, counted_at = ?";
    const { rowsWritten } = this.ctx.storage.sql.exec(
      `UPDATE queues SET generation = ?, confirmed = 1${columns}
         WHERE name = ? AND generation IN (?, '') AND (confirmed = 0 OR generation = '')`,
      ...[generation, ...(report === undefined ? [] : columnsOf(report)), name, generation],
    );
    return rowsWritten > 0;
  }

  async report(name: string, generation: string, report: CountsReport): Promise<number | null> {
    this.#prepare();
    const { sql } = this.ctx.storage;
    const [stored] = sql
      .exec<ReportRow>(
        "SELECT counts, oldest_at, counted_at FROM queues WHERE name = ? AND generation IN (?, '')",
        ...[name, generation],
      )
      .toArray();
    const [counts, oldestAt, countedAt] = columnsOf(report);
    if (stored === undefined || (stored.counts === counts && stored.oldest_at === oldestAt)) return null;
    // One that is a little older is late. One that is much older comes from a clock that was set back.
    const apartMs = Math.abs(countedAt - (stored.counted_at ?? Number.NEGATIVE_INFINITY));
    if (apartMs < REPORT_MS) return (stored.counted_at ?? 0) + REPORT_MS;
    const statement = "UPDATE queues SET counts = ?, oldest_at = ?, counted_at = ? WHERE name = ?";
    sql.exec(statement, counts, oldestAt, countedAt, name);
    return null;
  }

  async unconfirm(name: string, generation: string): Promise<void> {
    this.#prepare();
    const statement = "UPDATE queues SET confirmed = 0 WHERE name = ? AND generation IN (?, '') AND confirmed = 1";
    this.ctx.storage.sql.exec(statement, name, generation);
  }

  async remove(name: string, generation: string): Promise<void> {
    this.#prepare();
    this.ctx.storage.sql.exec("DELETE FROM queues WHERE name = ? AND generation IN (?, '')", name, generation);
  }

  async find(name: string): Promise<DirectoryEntry | null> {
    this.#prepare();
    return this.#find(name);
  }

  async list(prefix: string, cursor: string, limit: number): Promise<string[]> {
    return (await this.listReports(prefix, cursor, limit)).map(({ name }) => name);
  }

  async listReports(prefix: string, cursor: string, limit: number): Promise<ListedQueue[]> {
    this.#prepare();
    // "~" is greater than every character that a name can have.
    const rows = this.ctx.storage.sql.exec<ListedRow>(
      `SELECT name, counts, oldest_at, counted_at FROM queues
         WHERE name >= ? AND name < ? AND name > ? ORDER BY name LIMIT ?`,
      ...[prefix, `${prefix}~`, cursor, limit],
    );
    return rows.toArray().map(listedOf);
  }

  #find(name: string): DirectoryEntry | null {
    const [row] = this.ctx.storage.sql
      .exec<{ generation: string; confirmed: number }>("SELECT generation, confirmed FROM queues WHERE name = ?", name)
      .toArray();
    return row === undefined ? null : { generation: row.generation, isConfirmed: row.confirmed === 1 };
  }

  /**
   * Migrates the table, once each time the object is loaded.
   *
   * @throws if the table is of a newer version, whose content is then left as it is
   */
  #prepare(): void {
    if (this.#newer !== undefined) throw this.#newer;
    if (this.#isReady) return;
    const { storage } = this.ctx;
    const version = versionIn(storage.sql);
    if (version > STEPS.length) {
      this.#newer = newerDirectory(version, STEPS.length);
      console.error(`directory: newer_data: ${this.#newer.message}`);
      throw this.#newer;
    }
    if (version < STEPS.length) {
      storage.transactionSync(() => {
        for (const step of STEPS.slice(version)) storage.sql.exec(step);
        storage.sql.exec("INSERT INTO migrations (version) VALUES (?)", STEPS.length);
      });
    }
    this.#isReady = true;
  }
}
