import { PRIORITY_MAX } from "../../contract/limits.ts";
import { DamagedRow } from "../base/damage.ts";
import { NONE, type StandingCounts, type Standings } from "./states.ts";

/** Bounds the state that one change rewrites: with 13 bytes per message it stays within a page of SQLite's. */
export const BLOCK_MESSAGES_MAX = 256;

/** What messages have in common that may share a block. */
export interface Lane {
  /** That of all of them in a priority queue, else 0. */
  priority: number;
  /** Whether they died in other queues and came here for that. */
  areLetters: boolean;
  /** Whether they are in groups; not all of a block in the same one. */
  isGrouped: boolean;
}

/** What is known of a block without reading its state. */
export interface BlockSummary extends StandingCounts, Lane {
  /** Messages ever put in here. */
  count: number;
  /** The size of the lines in UTF-8, each with its line feed. */
  bytes: number;
  /** When the first of its messages was put. */
  putAt: number;
  /** No delay and no lease ends before this time; Infinity where there are none. */
  nextDueAt: number;
  /** None ends after this time. */
  lastDueAt: number;
}

const NAMES = Object.keys(NONE) as (keyof StandingCounts)[];

/** A block as it is known without its state. */
type Summary = BlockSummary & { slot: number; number: number };

/**
 * Holds a stored summary against what a block can be.
 *
 * @param lastBlock the number of the newest block
 * @throws {DamagedRow} if there can be no such block
 */
export function checkSummary(row: Summary, lastBlock: number): void {
  const { slot, number, count, bytes, priority, putAt, nextDueAt, lastDueAt } = row;
  const check = (isSo: boolean, fault: string) => {
    if (!isSo) throw new DamagedRow(slot, fault);
  };
  check(isCount(number, lastBlock), `it is of block ${number}, but the newest is ${lastBlock}`);
  check(isCount(count, BLOCK_MESSAGES_MAX) && count > 0, `block ${number} counts ${count} messages`);
  check(isCount(bytes, Number.MAX_SAFE_INTEGER), `block ${number} counts ${bytes} bytes`);
  check(isCount(priority, PRIORITY_MAX), `block ${number} has the priority ${priority}`);
  check(Number.isFinite(putAt), `block ${number} was put at ${putAt}`);
  for (const name of NAMES) check(isCount(row[name], count), `of ${count} messages ${row[name]} are ${name}`);
  const present = NAMES.reduce((sum, name) => sum + row[name], 0);
  check(present > 0 && present <= count, `of ${count} messages ${present} are still there`);
  const areDuesKnown = row.delayed + row.leased === 0 || (Number.isFinite(nextDueAt) && nextDueAt <= lastDueAt);
  check(areDuesKnown, `block ${number} waits from ${nextDueAt} to ${lastDueAt}`);
}

/**
 * Holds the summary of a block against its state.
 *
 * @param standings undefined for a block of which all messages are as they were put
 * @throws {DamagedRow} if one says something else than the other
 */
export function checkCounts(block: Summary, standings: Standings | undefined): void {
  const { slot, number, count } = block;
  const counts = standings?.counts() ?? { ...NONE, visible: count };
  for (const name of NAMES) {
    if (block[name] === counts[name]) continue;
    throw new DamagedRow(slot, `block ${number} counts ${block[name]} messages as ${name}, its state ${counts[name]}`);
  }
  const { nextDueAt, lastDueAt } = standings?.dues() ?? block;
  if (nextDueAt >= block.nextDueAt && lastDueAt <= block.lastDueAt) return;
  const stated = `from ${block.nextDueAt} to ${block.lastDueAt}`;
  throw new DamagedRow(slot, `block ${number} waits ${stated}, but its state from ${nextDueAt} to ${lastDueAt}`);
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}
