import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";

/** What the directory knows of a queue. */
export interface DirectoryEntry {
  /** The life of the queue that the entry is about; empty for one that was entered before lives were kept. */
  incarnation: string;
  /** Whether something of that life is known to be stored. Until then, and while it is deleted, that is not sure. */
  isConfirmed: boolean;
}

/** Brings the table to its newest form. Each step is applied to what the one before it leaves. */
const STEPS = [
  "CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY) WITHOUT ROWID",
  // What was entered before was stored, so its data must be there.
  `ALTER TABLE queues ADD COLUMN incarnation TEXT NOT NULL DEFAULT '';
   ALTER TABLE queues ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1`,
];

/**
 * The names of all queues, each with the life of its queue. Durable Objects cannot be listed, so each queue enters its
 * name before it first stores anything and removes it after it was deleted. A crash in between leaves a name too many,
 * never one too few. What is only entered is pending; a confirmed entry says that there is stored data, so a queue that
 * finds none then knows that its data is lost.
 *
 * A life changes only its own entry: what is said of an earlier life may arrive late.
 */
export class DirectoryObject extends DurableObject<Env> {
  #isReady = false;

  /**
   * Enters a life of a queue as pending, before anything of it is stored. Answers with the entry that stands, which is
   * another life's where that one is confirmed.
   */
  async add(name: string, incarnation: string): Promise<DirectoryEntry> {
    this.#prepare();
    this.ctx.storage.sql.exec(
      `INSERT INTO queues (name, incarnation, confirmed) VALUES (?, ?, 0)
         ON CONFLICT (name) DO UPDATE SET incarnation = excluded.incarnation WHERE confirmed = 0`,
      name,
      incarnation,
    );
    return this.#find(name) as DirectoryEntry;
  }

  /** Notes that something of this life is stored. Writes nothing where that is known, or the entry is another life's. */
  async confirm(name: string, incarnation: string): Promise<void> {
    this.#prepare();
    this.ctx.storage.sql.exec(
      `UPDATE queues SET incarnation = ?, confirmed = 1
         WHERE name = ? AND incarnation IN (?, '') AND (confirmed = 0 OR incarnation = '')`,
      ...[incarnation, name, incarnation],
    );
  }

  /** Makes this life's entry pending again, before its stored data is deleted. */
  async unconfirm(name: string, incarnation: string): Promise<void> {
    this.#prepare();
    const statement = "UPDATE queues SET confirmed = 0 WHERE name = ? AND incarnation IN (?, '') AND confirmed = 1";
    this.ctx.storage.sql.exec(statement, name, incarnation);
  }

  /** Removes this life's entry, after its stored data was deleted. */
  async remove(name: string, incarnation: string): Promise<void> {
    this.#prepare();
    this.ctx.storage.sql.exec("DELETE FROM queues WHERE name = ? AND incarnation IN (?, '')", name, incarnation);
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
      .exec<{ incarnation: string; confirmed: number }>(
        "SELECT incarnation, confirmed FROM queues WHERE name = ?",
        name,
      )
      .toArray();
    return row === undefined ? null : { incarnation: row.incarnation, isConfirmed: row.confirmed === 1 };
  }

  /** Once for each time that the object comes to memory. */
  #prepare(): void {
    if (this.#isReady) return;
    const { storage } = this.ctx;
    const [table] = storage.sql
      .exec<{ sql: string }>("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'queues'")
      .toArray();
    if (!table?.sql.includes("incarnation")) {
      storage.transactionSync(() => {
        for (const step of STEPS) storage.sql.exec(step);
      });
    }
    this.#isReady = true;
  }
}
