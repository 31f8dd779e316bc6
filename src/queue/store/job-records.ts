/** The form in which outcomes of jobs are stored: one line of text for each. */
import { DEATH_REASONS, type DeathReason, OUTCOMES, type Outcome } from "../../contract/states.ts";
import { DamagedRow } from "../base/damage.ts";
import type { Place } from "../base/receipt.ts";
import { fingerprintOf } from "./key-records.ts";

/** How a job ended, as it is kept until its time is over. Times are in milliseconds since 1970. */
export interface JobRecord {
  /** The place that the id of its message names. */
  readonly place: Place;
  readonly state: Outcome;
  /** The name of its task. */
  readonly task?: string | undefined;
  /** How often a handler has begun with it. */
  readonly attempts: number;
  readonly putAt: number;
  readonly finishedAt: number;
  /** Until when the record is valid: it is not found at this time any more. */
  readonly until: number;
  /** JSON text, with a result of a job that is done. */
  readonly result?: string | undefined;
  readonly error?: { name: string; message: string; stack?: string | undefined } | undefined;
  /** Why it failed. */
  readonly reason?: DeathReason | undefined;
}

/** What a record has before its result. */
type Head = [
  segmentNumber: number,
  index: number,
  /** The result follows the head, so that it is never parsed. */
  resultCharacters: number,
  state: JobRecord["state"],
  attempts: number,
  putAt: number,
  finishedAt: number,
  until: number,
  task: string | null,
  reason: DeathReason | null,
  error: JobRecord["error"] | null,
];

/** The stored form of a record, without a line feed. */
export function textOfJob(record: JobRecord): string {
  const { place, state, task = null, attempts, putAt, finishedAt, until, error = null, reason = null } = record;
  // A line feed is allowed in JSON only where a space is.
  const result = record.result?.replaceAll("\n", " ") ?? "";
  const { segmentNumber, index } = place;
  const times = [putAt, finishedAt, until] as const;
  const head: Head = [segmentNumber, index, result.length, state, attempts, ...times, task, reason, error];
  return `${JSON.stringify(head)}${result}`;
}

/** How the stored form of the record of a place begins. No other record begins so. */
export function beginOfJob({ segmentNumber, index }: Place): string {
  return `[${segmentNumber},${index},`;
}

/** The fingerprint by which the record of a place is found: that of the key `<segmentNumber>-<index>`. */
export function fingerprintOfPlace({ segmentNumber, index }: Place): number {
  return fingerprintOf(`${segmentNumber}-${index}`);
}

const BEGIN = /^\[([0-9]+),([0-9]+),([0-9]+),/;

/**
 * The place whose record this is.
 *
 * @param slot the row that it is in
 * @throws {DamagedRow} if the text does not begin as a record does
 */
export function placeOfJob(slot: number, text: string): Place {
  const [, segmentNumber, index] = BEGIN.exec(text) ?? [];
  if (segmentNumber === undefined || index === undefined) throw damaged(slot, text);
  return { segmentNumber: Number(segmentNumber), index: Number(index) };
}

/**
 * Reads a record.
 *
 * @param slot the row that it is in
 * @throws {DamagedRow} if the text is not a record
 */
export function parseJob(slot: number, text: string): JobRecord {
  const end = text.length - Number(BEGIN.exec(text)?.[3] ?? text.length);
  const head = headOf(text.slice(0, Math.max(0, end)));
  if (head === undefined) throw damaged(slot, text);
  const [segmentNumber, index, resultCharacters, state, attempts, putAt, finishedAt, until, task, reason, error] = head;
  return {
    place: { segmentNumber, index },
    ...{ state, attempts, putAt, finishedAt, until },
    ...(task === null ? {} : { task }),
    ...(resultCharacters === 0 ? {} : { result: text.slice(end) }),
    ...(error ? { error } : {}),
    ...(reason === null ? {} : { reason }),
  };
}

/** A row of job records that cannot be right. The fault names the table, because rows of messages have slots too. */
export function damagedJobs(slot: number, fault: string): DamagedRow {
  return new DamagedRow(slot, `it is one of job records, and ${fault}`);
}

function damaged(slot: number, text: string): DamagedRow {
  return damagedJobs(slot, `among them is ${JSON.stringify(text.slice(0, 200))}`);
}

function headOf(text: string): Head | undefined {
  let head: unknown;
  try {
    head = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isHead(head) ? head : undefined;
}

function isHead(value: unknown): value is Head {
  if (!Array.isArray(value) || value.length !== 11) return false;
  const [segmentNumber, index, characters, state, attempts, putAt, finishedAt, until, task, reason, error] = value;
  const counts: unknown[] = [segmentNumber, index, characters, attempts, putAt, finishedAt, until];
  const areCounts = counts.every((count) => typeof count === "number" && count >= 0);
  const isOutcome = OUTCOMES.includes(state) && (reason === null || DEATH_REASONS.includes(reason));
  return areCounts && isOutcome && (task === null || typeof task === "string") && (error === null || isError(error));
}

function isError(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { name, message, stack } = value as Record<string, unknown>;
  const isStack = stack === undefined || typeof stack === "string";
  return typeof name === "string" && typeof message === "string" && isStack;
}
