/** The directory's entry of a queue. */
export interface DirectoryEntry {
  /** The generation of the queue that the entry is about; empty for one that was entered before generations were kept. */
  generation: string;
  /** Whether something of that generation is known to be stored. Until then, and while it is deleted, that is not sure. */
  isConfirmed: boolean;
}

/** The calls of the directory. A generation changes only its own entry: a call about an earlier one may arrive late. */
export interface DirectoryCalls extends Rpc.DurableObjectBranded {
  /**
   * Enters a generation of a queue as pending, before anything of it is stored.
   *
   * @returns the entry that the directory then has: that of another generation if that one is confirmed
   */
  add(name: string, generation: string): Promise<DirectoryEntry>;
  /** Notes that something of this generation is stored. Writes nothing if that is known, or the entry is of another. */
  confirm(name: string, generation: string): Promise<void>;
  /** Makes this generation's entry pending again, before its stored data is deleted. */
  unconfirm(name: string, generation: string): Promise<void>;
  /** Removes this generation's entry, after its stored data was deleted. */
  remove(name: string, generation: string): Promise<void>;
  /** The entry of a queue, confirmed or pending; null if there is none. */
  find(name: string): Promise<DirectoryEntry | null>;
  /** Names after `cursor` in the order of their characters' codes, at most `limit`. */
  list(prefix: string, cursor: string, limit: number): Promise<string[]>;
}
