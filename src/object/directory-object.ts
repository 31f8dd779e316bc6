import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";

/** What the directory knows of a queue. */
export interface DirectoryEntry {
  /** The generation of the queue that the entry is about; empty for one that was entered before generations were kept. */
  generation: string;
  /** Whether something of that generation is known to be stored. Until then, and while it is deleted, that is not sure. */
  isConfirmed: boolean;
}

/** Brings the table to its newest form. Each step is applied to what the one before it leaves. */
const STEPS = [
  "CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY) WITHOUT ROWID",
  // What was entered before was stored, so its data must be there.
  `ALTER TABLE queues ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
   ALTER TABLE queues ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1`,
  "ALTER TABLE queues RENAME COLUMN incarnation TO generation",
];

/**
 * How many of the steps the table has seen.
 *
 * @param sql its definition; undefined where there is none
 */
function stepsIn(sql: string | undefined): number {
  if (sql === undefined) return 0;
  if (sql.includes("generation")) return STEPS.length;
  return sql.includes("incarnation") ? 2 : 1;
}

/**
 * The names of all queues, each with the generation of its queue. Durable Objects cannot be listed, so each queue enters its
 * name before it first stores anything and removes it after it was deleted. A crash in between leaves a name too many,
 * never one too few. What is only entered is pending; a confirmed entry says that there is stored data, so a queue that
 * finds none then knows that its data is lost.
 *
 * A generation changes only its own entry: what is said of an earlier one may arrive late.
 */
export class DirectoryObject extends DurableObject<Env> {
  #isReady = false;

  /**
   * Enters a generation of a queue as pending, before anything of it is stored. Answers with the entry that stands, which is
   * that of another generation where that one is confirmed.
   */
  async add(name: string, generation: string): Promise<DirectoryEntry> {
    this.#prepare();
    this.ctx.storage.sql.exec(
      `INSERT INTO queues (name, generation, confirmed) VALUES (?, ?, 0)
         ON CONFLICT (name) DO UPDATE SET generation = excluded.generation WHERE confirmed = 0`,
      name,
      generation,
    );
    return this.#find(name) as DirectoryEntry;
  }

  /** Notes that something of this generation is stored. Writes nothing where that is known, or the entry is of another. */
  async confirm(name: string, generation: string): Promise<void> {
    this.#prepare();
    this.ctx.storage.sql.exec(
      `UPDATE queues SET generation = ?, confirmed = 1
         WHERE name = ? AND generation IN (?, '') AND (confirmed = 0 OR generation = '')`,
      ...[generation, name, generation],
    );
  }

  /** Makes this generation's entry pending again, before its stored data is deleted. */
  async unconfirm(name: string, generation: string): Promise<void> {
    this.#prepare();
    const statement = "UPDATE queues SET confirmed = 0 WHERE name = ? AND generation IN (?, '') AND confirmed = 1";
    this.ctx.storage.sql.exec(statement, name, generation);
  }

  /** Removes this generation's entry, after its stored data was deleted. */
  async remove(name: string, generation: string): Promise<void> {
    this.#prepare();
    this.ctx.storage.sql.exec("DELETE FROM queues WHERE name = ? AND generation IN (?, '')", name, generation);
  }

  /** The entry of a queue, confirmed or pending; null where there is none. */
  async find(name: string): Promise<DirectoryEntry | null> {
    this.#prepare();
    return this.#find(name);
  }

  /** Names after `cursor` in the order of their characters' codes, at most `limit`. */
  async list(prefix: string, cursor: string, limit: number): Promise<string[]> {
    this.#prepare();
    // "~" is greater than every character that a name can have.
    const rows = this.ctx.storage.sql.exec<{ name: string }>(
      "SELECT name FROM queues WHERE name >= ? AND name < ? AND name > ? ORDER BY name LIMIT ?",
      ...[prefix, `${prefix}~`, cursor, limit],
    );
    return rows.toArray().map(({ name }) => name);
  }

  #find(name: string): DirectoryEntry | null {
    const [row] = this.ctx.storage.sql
      .exec<{ generation: string; confirmed: number }>("SELECT generation, confirmed FROM queues WHERE name = ?", name)
      .toArray();
    return row === undefined ? null : { generation: row.generation, isConfirmed: row.confirmed === 1 };
  }

  /** Once for each time that the object comes to memory. */
  #prepare(): void {
    if (this.#isReady) return;
    const { storage } = this.ctx;
    const [table] = storage.sql
      .exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'queues'")
      .toArray();
    const stepsDone = stepsIn(table?.sql);
    if (stepsDone < STEPS.length) {
      storage.transactionSync(() => {
        for (const step of STEPS.slice(stepsDone)) storage.sql.exec(step);
      });
    }
    this.#isReady = true;
  }
}
