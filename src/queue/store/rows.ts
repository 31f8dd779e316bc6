/**
 * The stored form of a queue, as the core sees it: rows that are used again, with up to some hundreds of messages each.
 *
 * Each row that is written carries the totals of its commit, so that they never cost a row of their own. The row of the
 * newest commit holds the current totals.
 */

import type { SegmentKind, SegmentState, SegmentSummary } from "./segment-summary.ts";
import { NONE } from "./states.ts";
import type { Totals } from "./totals.ts";

/** What became of a transfer from another queue. */
export interface InboundTransfer {
  /** The sender: its name and generation. */
  source: string;
  number: number;
  isRefused: boolean;
  /** When it came in, or about when its sender last asked for its outcome, in milliseconds. */
  usedAt: number;
}

/** The parts of a row that change when messages are delivered. */
export type Changing = SegmentState &
  Omit<SegmentSummary, keyof SegmentKind | "putAt" | "holdsMoved" | "ownRules" | "count" | "bytes">;

/** All parts of a row but its place and its totals. */
export interface Contents extends SegmentSummary, Changing, Keys {
  /** The number of its segment; 0 for a row without messages. */
  number: number;
  /** One JSON text per message, each ended by a line feed: content, priority and time of the put. */
  payloads: string;
  /** The group of each message, ended by a line feed; empty where they are in none. */
  groups: string;
}

/** The keys in a row. */
export interface Keys {
  /** One JSON text per remembered key, each ended by a line feed. */
  keys: string;
  /** A short text of fixed length for each, by which a key is found without reading it. */
  fingerprints: string;
  /**
   * When the last of the keys may be forgotten, in milliseconds; 0 without keys. While some count until their messages are
   * done, that is the time of the others and `SOME_UNTIL_DONE`.
   */
  keysUntil: number;
}

/** Which texts of a row stay when it is written. Without its messages, a row does not keep its payloads. */
export interface Kept {
  keepsMessages: boolean;
  keepsPayloads: boolean;
  keepsKeys: boolean;
}

/** A change of stored rows. All but "delete" also write the totals of their commit, each into its row. */
export type RowChange =
  /**
   * Writes a row. `keepsMessages`: the row is that of this segment, and the groups come after those that it has; else they
   * are written over, and the row need not exist unless `keepsKeys`. `keepsPayloads`, `keepsKeys`: the payloads and the
   * keys come after those that the row has; else they are written over.
   */
  | ({ kind: "write"; slot: number } & Kept & Contents)
  /** Writes the states of a segment. */
  | ({ kind: "update"; slot: number } & Changing)
  /**
   * Frees the row of a segment that has no messages any more, and moves it over the free row `into`. That is one row less,
   * and bills the same one row as to write that the row is free.
   */
  | { kind: "merge"; slot: number; into: number }
  /** Deletes rows where another change carries the totals. Not all of them need exist. */
  | { kind: "delete"; slots: readonly number[] }
  /** Writes nothing but the totals, and keys after those that the row has. The row need not exist. */
  | ({ kind: "totals"; slot: number } & Keys);

/** A stored row without its texts and its states. */
export interface StoredSegment extends SegmentSummary {
  slot: number;
  /** 0 for a free row. */
  number: number;
  keysUntil: number;
  /** Null when the keys have expired. */
  fingerprints: string | null;
}

/** A row of the records of jobs that have ended, with its texts or with what is to be added to them. */
interface JobRowContents extends Omit<StoredJobRow, "fingerprints"> {
  /** A short text of fixed length for each record, in their order, by which a record is found without reading it. */
  fingerprints: string;
  /** One line of text per record, each ended by a line feed. */
  records: string;
}

/** A change of stored rows of job records. The totals of its commit are in a row of messages. */
export type JobRowChange =
  /** Writes a row. It need not exist. */
  | ({ kind: "write" } & JobRowContents)
  /** Adds records, and their fingerprints, behind those that the row has. The counts are those of all of them. */
  | ({ kind: "append" } & JobRowContents)
  /** Deletes rows. Not all of them need exist. */
  | { kind: "delete"; slots: readonly number[] };

/** A stored row of job records without its records. */
export interface StoredJobRow {
  slot: number;
  /** Counts the rows in the order in which they were begun: slots are used again. */
  number: number;
  /** When the last of its records may be forgotten, in milliseconds. The row is free then. */
  until: number;
  count: number;
  /** The size of its records in UTF-8, each with its line feed. */
  bytes: number;
  /** Null when the records have expired. */
  fingerprints: string | null;
}

/** Reads the records of jobs. It is called only for rows that were committed. */
export interface JobRowReader {
  jobRecords(slot: number): string;
  jobFingerprints(slot: number): string;
}

/** Reads what is not kept in memory. It is called only for rows that were committed. */
export interface RowReader extends JobRowReader {
  state(slot: number): SegmentState;
  payloads(slot: number): string;
  groups(slot: number): string;
  keys(slot: number): string;
  fingerprints(slot: number): string;
  /** The last transfer from a sender. */
  lastInboundTransfer(source: string): InboundTransfer | undefined;
  /**
   * How many senders are remembered, and the latest time at which one of them was used, of the times up to `time`; 0 if
   * there is none.
   */
  sendersUsedBy(time: number): { sources: number; lastUsedAt: number };
  /** At most so many senders that were last used before a time, in the order of their last use. */
  sendersUnusedSince(time: number, most: number): string[];
}

/** What one commit writes, all or nothing. */
export interface Commit {
  changes: RowChange[];
  /** Each change of one row writes one row. */
  jobRows: readonly JobRowChange[];
  totals: Totals;
  /** Senders that are not remembered any longer. */
  forgottenSenders: readonly string[];
  inboundTransfers: readonly InboundTransfer[];
}

/** What is stored of the messages of a queue, and of its jobs. */
export interface StoredQueue {
  totals: Totals;
  /** In ascending order of their numbers. */
  segments: Iterable<StoredSegment>;
  /** In any order. */
  jobRows: Iterable<StoredJobRow>;
}

/** Splits a text of which each part is ended by a line feed, such as the payloads of a row. */
export function splitLines(text: string): string[] {
  const parts = text.split("\n");
  parts.pop();
  return parts;
}

/** The keys of a row that holds none. */
export const NO_KEYS: Keys = { keys: "", fingerprints: "", keysUntil: 0 };

/** The parts of a row that holds no messages. */
export const NO_MESSAGES = {
  priority: 0,
  areDeadLetters: false,
  isGrouped: false,
  putAt: 0,
  holdsMoved: false,
  ownRules: undefined,
  count: 0,
  bytes: 0,
  counts: NONE,
  nextDueAt: Number.POSITIVE_INFINITY,
  lastDueAt: 0,
  state: null,
  notes: null,
  payloads: "",
  groups: "",
} as const;
