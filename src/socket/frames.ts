import type * as z from "zod";
import { check } from "../api/check.ts";
import { parseRequest } from "../api/parse-json.ts";
import { ProblemError } from "../api/problem-error.ts";
import { BATCH_MESSAGES_MAX, FRAME_LINES_MAX, FRAME_OPERATIONS_MAX, REQUEST_BYTES_MAX } from "../contract/limits.ts";
import { OPERATION_ID_MAX, socketOperation } from "../contract/schema/socket-operations.ts";

/** What cannot be answered, because nobody can tell what it is: the connection ends with this. */
export class BadFrame extends Error {
  readonly closeCode: number;

  /** @param closeCode as of RFC 6455 */
  constructor(closeCode: number, reason: string) {
    super(reason);
    this.closeCode = closeCode;
  }
}

const UNSUPPORTED_DATA = 1003;
const INVALID_DATA = 1007;
const TOO_BIG = 1009;

export interface Operation extends Omit<Envelope, "lines"> {
  /** The contents of messages, as they came: text that is not known to be JSON. */
  contents: string[];
  /** Why it cannot be done. Others in its frame can. */
  fault?: ProblemError;
}

/** Takes a frame apart. What is in an operation's request is not looked at. Throws a `BadFrame`. */
export function operationsOf(frame: string | ArrayBuffer): Operation[] {
  if (typeof frame !== "string") throw new BadFrame(UNSUPPORTED_DATA, "Frames must be text.");
  if (frame.length > REQUEST_BYTES_MAX) {
    throw new BadFrame(TOO_BIG, `A frame has at most ${REQUEST_BYTES_MAX} characters.`);
  }
  const lines = linesOf(frame);
  const operations: Operation[] = [];
  for (let index = 0; index < lines.length; ) {
    const { lines: contents = 0, ...operation } = operationOf(lines[index] as string, index);
    const end = index + 1 + contents;
    if (end > lines.length) {
      throw new BadFrame(INVALID_DATA, `Line ${index + 1} says that ${contents} lines follow, but the frame ends.`);
    }
    operations.push({ ...operation, contents: lines.slice(index + 1, end) });
    index = end;
  }
  if (operations.length > FRAME_OPERATIONS_MAX) {
    throw new BadFrame(TOO_BIG, `A frame has at most ${FRAME_OPERATIONS_MAX} operations.`);
  }
  return operations;
}

/** Stops at the bound: a frame of nothing but line feeds would fill the memory with lines. */
function linesOf(frame: string): string[] {
  const lines = frame.split("\n", FRAME_LINES_MAX + 1);
  if (lines.length > FRAME_LINES_MAX) throw new BadFrame(TOO_BIG, `A frame has at most ${FRAME_LINES_MAX} lines.`);
  return lines;
}

type Envelope = z.output<typeof socketOperation>;

type MaybeFaulty = Envelope & Pick<Operation, "fault">;

function operationOf(line: string, index: number): MaybeFaulty {
  try {
    const value = parseRequest(line, Number.POSITIVE_INFINITY);
    return isPlainOperation(value) ? value : checkedOperation(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadFrame(INVALID_DATA, `Line ${index + 1} is not an operation: ${reason}`);
  }
}

/** Throws only for what could not be answered, or of which nobody could tell where it ends. */
function checkedOperation(value: unknown): MaybeFaulty {
  try {
    return check(socketOperation, value);
  } catch (error) {
    const { id, lines = 0 } = (value ?? {}) as Record<string, unknown>;
    const isAnswerable = isWithin(id, 0, OPERATION_ID_MAX) && isWithin(lines, 0, FRAME_LINES_MAX);
    if (!isAnswerable || !(error instanceof ProblemError)) throw error;
    return { id: id as number, verb: "", lines: lines as number, fault: error };
  }
}

const PLAIN_KEY = /^[A-Za-z0-9_-]{1,100}$/;

/**
 * Whether this is an operation without anything special. Only for speed, because every single message comes through
 * here: it takes a tenth of what the schema takes, and what it does not know is left to the schema.
 */
function isPlainOperation(value: unknown): value is Envelope {
  if (typeof value !== "object" || value === null) return false;
  const { id, verb, key, keys, lines } = value as Record<string, unknown>;
  const isNumbered = isWithin(id, 0, OPERATION_ID_MAX);
  const isKeyed = key === undefined || (typeof key === "string" && PLAIN_KEY.test(key));
  const hasLines = lines === undefined || isWithin(lines, 1, BATCH_MESSAGES_MAX);
  return isNumbered && typeof verb === "string" && isKeyed && arePlainKeys(keys) && hasLines && hasOnly(value, FIELDS);
}

function arePlainKeys(keys: unknown): boolean {
  if (keys === undefined) return true;
  if (!Array.isArray(keys) || !isWithin(keys.length, 1, BATCH_MESSAGES_MAX)) return false;
  return keys.every((key) => typeof key === "string" && PLAIN_KEY.test(key));
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

const FIELDS: ReadonlySet<string> = new Set(Object.keys(socketOperation.shape));

function hasOnly(value: object, fields: ReadonlySet<string>): boolean {
  for (const field in value) if (!fields.has(field)) return false;
  return true;
}
