/**
 * How a queue is stored, as the core sees it: rows that are used again, never one row per message.
 *
 * Each row that is written carries the totals of its commit, so they never cost a row of their own; the row of the
 * newest commit holds the true ones.
 */

import type { SegmentKind, SegmentState, SegmentSummary } from "./segment-summary.ts";
import { NONE } from "./states.ts";
import type { Totals } from "./totals.ts";

/** What became of a transfer that has come in. */
export interface InboundTransfer {
  /** The sender: its name and generation. */
  source: string;
  number: number;
  isRefused: boolean;
  /** When it came in, or about when it was last asked after, in milliseconds. */
  usedAt: number;
}

/** The parts of a row that change when messages are delivered. */
type Changing = SegmentState & Omit<SegmentSummary, keyof SegmentKind | "putAt" | "count" | "bytes">;

/** The parts of a row that change with an append. In an "append" the texts are what comes after the stored ones. */
interface Contents extends SegmentSummary, Changing, Keys {
  /** One JSON text per message, each ended by a line feed: content, priority and time of the put. */
  payloads: string;
  /** The group of each message, ended by a line feed; empty where they are in none. */
  groups: string;
}

/** The idempotency keys in a row. In a row that keeps others, the texts are what comes after theirs. */
export interface Keys {
  /** One JSON text per remembered key, each ended by a line feed. */
  keys: string;
  /** A short text of fixed length for each, by which a key is found without reading it. */
  fingerprints: string;
  /** When the last of the keys may be forgotten, in milliseconds; 0 without keys. */
  keysUntil: number;
}

export type RowChange =
  /**
   * A new segment, in a new row or over one that was free. `number` 0 is none, only keys. Keys that the row holds are
   * written over too, unless `keepsKeys`: then they stay, before the new ones. So it is in an "append" and a "free".
   */
  | ({ kind: "write"; slot: number; keepsKeys: boolean; number: number } & Contents)
  | ({ kind: "append"; slot: number; keepsKeys: boolean } & Contents)
  | ({ kind: "update"; slot: number } & Changing)
  /** A segment that is done with. */
  | ({ kind: "free"; slot: number; keepsKeys: boolean } & Keys)
  /**
   * A segment that is done with and whose row is not needed. It is written as free, over the free row `into`: that is one
   * row less, bills the same one row as "free", and carries the totals, which "delete" does not.
   */
  | { kind: "merge"; slot: number; into: number }
  /** Rows that are not needed any more, where something else carries the totals. Not all of them need exist. */
  | { kind: "delete"; slots: readonly number[] }
  /** Nothing changed but the totals; keys may be remembered with them. The row need not exist. */
  | ({ kind: "totals"; slot: number } & Keys);

/** Which of a row's parts the next commit must write. */
export type DirtyPart = "write" | "append" | "update" | "free";

export interface StoredSegment extends SegmentSummary {
  slot: number;
  /** 0 for a free row. */
  number: number;
  keysUntil: number;
  /** Null when the keys have expired. */
  fingerprints: string | null;
}

/** Reads what is not kept in memory. Only rows that were committed are asked for. */
export interface RowReader {
  state(slot: number): SegmentState;
  payloads(slot: number): string;
  groups(slot: number): string;
  keys(slot: number): string;
  fingerprints(slot: number): string;
  /** The last transfer from there. */
  lastInboundTransfer(source: string): InboundTransfer | undefined;
  /** How many senders are remembered, and when the last of them was used of those used by a time; 0 without any. */
  sendersUsedBy(time: number): { sources: number; lastUsedAt: number };
  /** Senders that were last used before a time, the one used longest ago first, at most so many. */
  sendersUnusedSince(time: number, most: number): string[];
}

/** What one commit writes, all or nothing. */
export interface Commit {
  changes: RowChange[];
  totals: Totals;
  /** Senders that need not be remembered any more. */
  forgottenSenders: readonly string[];
  inboundTransfers: readonly InboundTransfer[];
}

export interface StoredQueue {
  totals: Totals;
  /** In ascending order of their numbers. */
  segments: Iterable<StoredSegment>;
}

/** Splits the payloads of a row. */
export function splitLines(text: string): string[] {
  const payloads = text.split("\n");
  payloads.pop();
  return payloads;
}

export const NO_KEYS: Keys = { keys: "", fingerprints: "", keysUntil: 0 };

/** A row that holds no messages. */
export const NO_MESSAGES = {
  priority: 0,
  areDeadLetters: false,
  isGrouped: false,
  putAt: 0,
  count: 0,
  bytes: 0,
  ...NONE,
  nextDueAt: Number.POSITIVE_INFINITY,
  lastDueAt: 0,
  state: null,
  notes: null,
  payloads: "",
  groups: "",
} as const;
