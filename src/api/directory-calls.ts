import type { CountName } from "../contract/states.ts";

/** A queue reports its counts to the directory at most once in this time, in milliseconds. */
export const REPORT_MS = 60_000;

/** What a queue reports to the directory, so that lists show it without waking the queue. */
export interface CountsReport {
  /** A build of another version may count what this one does not know, and the other way round. */
  counts: Partial<Record<CountName, number>>;
  /** When the oldest message in the queue was put, in milliseconds since 1970; null if there is none. */
  oldestAt: number | null;
  /** When this was so, in milliseconds since 1970 by the clock of the queue's object. */
  countedAt: number;
}

/** A queue in a list. */
export interface ListedQueue {
  name: string;
  /** The newest that it has reported; null if it has not. */
  report: CountsReport | null;
}

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
  /**
   * Notes that something of this generation is stored, and its first report in the same row. Writes nothing if that is
   * known, or the entry is of another.
   *
   * @returns whether it wrote the report. A directory of an older version answers nothing.
   */
  confirm(name: string, generation: string, report: CountsReport | undefined): Promise<boolean | undefined>;
  /**
   * Keeps the report in the place of the one before. Writes nothing if that has the same counts, or the entry is of another
   * generation.
   *
   * @returns null; or, if the report before it is less than `REPORT_MS` older, the time from which on another is taken, in
   * milliseconds since 1970
   */
  report(name: string, generation: string, report: CountsReport): Promise<number | null>;
  /** Makes this generation's entry pending again, before its stored data is deleted. */
  unconfirm(name: string, generation: string): Promise<void>;
  /** Removes this generation's entry, after its stored data was deleted. */
  remove(name: string, generation: string): Promise<void>;
  /** The entry of a queue, confirmed or pending; null if there is none. */
  find(name: string): Promise<DirectoryEntry | null>;
  /** Names after `cursor` in the order of their characters' codes, at most `limit`: what Workers of older versions call. */
  list(prefix: string, cursor: string, limit: number): Promise<string[]>;
  /** The same with the reports. */
  listReports(prefix: string, cursor: string, limit: number): Promise<ListedQueue[]>;
}
