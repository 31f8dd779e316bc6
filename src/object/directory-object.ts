import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";

/**
 * The names of all queues. Durable Objects cannot be listed, so each queue enters its name before it first stores
 * anything and removes it after it was deleted. A crash in between leaves a name too many, never one too few.
 */
export class DirectoryObject extends DurableObject<Env> {
  #isCreated = false;

  async add(name: string): Promise<void> {
    this.#create();
    this.ctx.storage.sql.exec("INSERT OR IGNORE INTO queues (name) VALUES (?)", name);
  }

  async remove(name: string): Promise<void> {
    this.#create();
    this.ctx.storage.sql.exec("DELETE FROM queues WHERE name = ?", name);
  }

  /** Names after `cursor` in the order of their characters' codes, at most `limit`. */
  async list(prefix: string, cursor: string, limit: number): Promise<string[]> {
    this.#create();
    // "~" is greater than every character that a name can have.
    const rows = this.ctx.storage.sql.exec<{ name: string }>(
      "SELECT name FROM queues WHERE name >= ? AND name < ? AND name > ? ORDER BY name LIMIT ?",
      ...[prefix, `${prefix}~`, cursor, limit],
    );
    return rows.toArray().map(({ name }) => name);
  }

  #create(): void {
    if (this.#isCreated) return;
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY) WITHOUT ROWID");
    this.#isCreated = true;
  }
}
