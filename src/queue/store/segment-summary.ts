import { PRIORITY_MAX } from "../../contract/limits.ts";
import { STATE_NAMES } from "../../contract/states.ts";
import type { MessageRules } from "../base/commands.ts";
import { DamagedRow } from "../base/damage.ts";
import { type Note, Notes, type Origin } from "./notes.ts";
import type { OwnRules } from "./own-rules.ts";
import { States } from "./segment-states.ts";
import { NONE, type PresentState, type StateCounts, sumOf } from "./states.ts";

/** Bounds the state that one change rewrites: with 13 bytes per message it stays within a page of SQLite's. */
export const SEGMENT_MESSAGES_MAX = 256;

/** What the messages of one segment have in common. */
export interface SegmentKind {
  /** The priority of all of them in a priority queue, else 0. */
  priority: number;
  /** Whether they died in other queues and came here for that. */
  areDeadLetters: boolean;
  /** Whether they are in groups; messages of one segment may be in several. */
  isGrouped: boolean;
}

/** A message as another segment had it. */
export interface AdoptedMessage {
  state: PresentState;
  visibleAt: number;
  deliveries: number;
  note: Note & { origin: Origin };
  rules: MessageRules | undefined;
}

/** What of a segment changes after its messages were put, as it is stored. */
export interface SegmentState {
  /** Null while all messages are as they were put: visible, never delivered. */
  state: Uint8Array | null;
  /** What few messages have, as JSON: `[[index, note], …]`. */
  notes: string | null;
}

/** What is known of a segment without reading its state. */
export interface SegmentSummary extends SegmentKind {
  /** How many of its messages are in each state. */
  counts: Readonly<StateCounts>;
  /** Messages ever put in here. */
  count: number;
  /** The size of the payloads in UTF-8, each with its line feed. */
  bytes: number;
  /** Whether messages that were put elsewhere are in here: they have a note with their origin. */
  holdsMoved: boolean;
  /** The rules that its messages have of their own; undefined if none has any. */
  ownRules: OwnRules | undefined;
  /** When the oldest of its messages was put. */
  putAt: number;
  /** No delay and no lease ends before this time; Infinity if there are none. */
  nextDueAt: number;
  /** No delay and no lease ends after this time. */
  lastDueAt: number;
}

/** A segment as it is known without its state. */
type Summary = SegmentSummary & { slot: number; number: number };

/**
 * Checks that there can be a segment with a stored summary.
 *
 * @param lastSegment the number of the newest segment
 * @throws {DamagedRow} if there can be no such segment
 */
export function checkSummary(row: Summary, lastSegment: number): void {
  const { slot, number, counts, count, bytes, priority, putAt, nextDueAt, lastDueAt } = row;
  const check = (isSo: boolean, fault: string) => {
    if (!isSo) throw new DamagedRow(slot, fault);
  };
  check(isCount(number, lastSegment), `it is of segment ${number}, but the newest is ${lastSegment}`);
  check(isCount(count, SEGMENT_MESSAGES_MAX) && count > 0, `segment ${number} counts ${count} messages`);
  check(isCount(bytes, Number.MAX_SAFE_INTEGER), `segment ${number} counts ${bytes} bytes`);
  check(isCount(priority, PRIORITY_MAX), `segment ${number} has the priority ${priority}`);
  check(Number.isFinite(putAt), `segment ${number} was put at ${putAt}`);
  for (const name of STATE_NAMES)
    check(isCount(counts[name], count), `of ${count} messages ${counts[name]} are ${name}`);
  const present = sumOf(counts);
  // None may be left of a segment whose messages are in other segments now.
  check(present <= count, `of ${count} messages ${present} are still there`);
  const areDuesKnown = counts.delayed + counts.leased === 0 || (Number.isFinite(nextDueAt) && nextDueAt <= lastDueAt);
  check(areDuesKnown, `segment ${number} waits from ${nextDueAt} to ${lastDueAt}`);
}

/**
 * Reads the stored state of a segment, as it is when what is due by `promotedTo` is visible.
 *
 * @throws {DamagedRow} if it cannot be read, or differs from the summary
 */
export function decodeState(
  segment: Summary,
  { state, notes }: SegmentState,
  promotedTo: number,
): { states: States | undefined; notes: Notes | undefined } {
  const { slot, count } = segment;
  const states = state === null ? undefined : States.decode(slot, state, count);
  states?.promote(promotedTo);
  checkCounts(segment, states);
  return { states, notes: notes === null ? undefined : Notes.decode(slot, notes, count) };
}

/**
 * Checks that the summary of a segment agrees with its state.
 *
 * @param states undefined for a segment of which all messages are as they were put
 * @throws {DamagedRow} if they differ
 */
function checkCounts(segment: Summary, states: States | undefined): void {
  const { slot, number, count } = segment;
  const counts = states?.counts() ?? { ...NONE, visible: count };
  for (const name of STATE_NAMES) {
    const counted = segment.counts[name];
    if (counted === counts[name]) continue;
    throw new DamagedRow(slot, `segment ${number} counts ${counted} messages as ${name}, its state ${counts[name]}`);
  }
  const { nextDueAt, lastDueAt } = states?.dues() ?? segment;
  if (nextDueAt >= segment.nextDueAt && lastDueAt <= segment.lastDueAt) return;
  const stated = `from ${segment.nextDueAt} to ${segment.lastDueAt}`;
  throw new DamagedRow(slot, `segment ${number} waits ${stated}, but its state from ${nextDueAt} to ${lastDueAt}`);
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}
