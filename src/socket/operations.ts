/** The operations of a frame, and the commands that they stand for. */
import * as z from "zod";
import { check } from "../api/check/check.ts";
import { parseRequest } from "../api/check/parse-json.ts";
import { invalid, ProblemError } from "../api/check/problem-error.ts";
import { grantedVerb } from "../api/command-of.ts";
import { messagesOfLines, putCommand } from "../api/forms/new-messages.ts";
import { ackOfLines } from "../api/forms/result-texts.ts";
import { OPERATION_ID_MAX, socketOperation, socketPutRequest, wait } from "../api/schema/socket-operation.ts";
import type { RequestContext } from "../api/verbs/base/descriptor.ts";
import { BATCH_MESSAGES_MAX, FRAME_LINES_MAX, FRAME_OPERATIONS_MAX, REQUEST_BYTES_MAX } from "../contract/limits.ts";
import type { Command } from "../queue/base/commands.ts";

/** A frame that cannot be attributed to operations: it closes the connection. */
export class BadFrame extends Error {
  readonly closeCode: number;

  /**
   * @param closeCode a close code of RFC 6455
   * @param reason a sentence for the client
   */
  constructor(closeCode: number, reason: string) {
    super(reason);
    this.closeCode = closeCode;
  }
}

const UNSUPPORTED_DATA = 1003;
const INVALID_DATA = 1007;
const TOO_BIG = 1009;

/** One operation of a frame. Its request is not checked. */
export interface Operation extends Omit<Envelope, "lines"> {
  /** The contents of messages, or the results of an ack, as they came: text that may not be JSON. */
  contents: string[];
  /** Why the operation is refused. Other operations of its frame are not affected. */
  fault?: ProblemError;
}

/**
 * Takes a frame apart into its operations.
 *
 * @throws {BadFrame}
 */
export function operationsOf(frame: string | ArrayBuffer): Operation[] {
  if (typeof frame !== "string") throw new BadFrame(UNSUPPORTED_DATA, "Frames must be text.");
  if (frame.length > REQUEST_BYTES_MAX) {
    throw new BadFrame(TOO_BIG, `The frame is too large; at most ${REQUEST_BYTES_MAX} characters are allowed.`);
  }
  const lines = linesOf(frame);
  const operations: Operation[] = [];
  for (let index = 0; index < lines.length; ) {
    const { lines: contents = 0, ...operation } = operationOf(lines[index] as string, index);
    const end = index + 1 + contents;
    if (end > lines.length) {
      throw new BadFrame(INVALID_DATA, `Line ${index + 1} announces ${contents} lines, but the frame ends before.`);
    }
    operations.push({ ...operation, contents: lines.slice(index + 1, end) });
    index = end;
  }
  if (operations.length > FRAME_OPERATIONS_MAX) {
    throw new BadFrame(TOO_BIG, `The frame has too many operations; at most ${FRAME_OPERATIONS_MAX} are allowed.`);
  }
  return operations;
}

/** Stops at the bound: a frame of line feeds alone would fill the memory with lines. */
function linesOf(frame: string): string[] {
  const lines = frame.split("\n", FRAME_LINES_MAX + 1);
  if (lines.length > FRAME_LINES_MAX)
    throw new BadFrame(TOO_BIG, `The frame has too many lines; at most ${FRAME_LINES_MAX} are allowed.`);
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

/** Throws only if the operation has no valid id, or if it is not known where it ends. */
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
 * Whether this is an operation with valid fields only. For speed, because every operation comes through here: the schema
 * takes 4 µs, this a tenth of that. An operation that is not accepted here is checked by the schema.
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

/**
 * The command of an operation.
 *
 * @throws {ProblemError} if the operation breaks a rule, or the key of its connection does not allow it
 */
export function commandOf(operation: Operation, context: RequestContext): Command {
  const { verb: name, request = {}, contents } = operation;
  const verb = grantedVerb(name, context);
  if (name === "put") {
    const { messages, wait } = isOnlyWait(request)
      ? { messages: undefined, ...request }
      : check(socketPutRequest, request);
    return putCommand(messagesOfLines(contents, messages), secondsOf(wait), context.idempotencyKey, context.now);
  }
  if (contents.length > 0) {
    const command = name === "ack" ? verb.toCommand(request, context) : undefined;
    if (command?.verb !== "ack") throw invalid("lines", "are only for puts and acks");
    return ackOfLines(command, contents);
  }
  if (!verb.mayWait) return verb.toCommand(request, context);
  const { wait, ...rest } = check(waitingSchemaOf(verb.request), request);
  return verb.commandOf({ ...rest, timeoutSeconds: secondsOf(wait) }, context);
}

/** The schemas of requests that may wait, made once for each verb. */
const WAITING_SCHEMAS = new WeakMap<z.ZodType, WaitingSchema>();

type WaitingSchema = z.ZodType<{ wait: boolean } & Record<string, unknown>>;

/** The schema of a request that may wait, on a socket: `wait` in place of `timeoutSeconds`. */
function waitingSchemaOf(schema: z.ZodType): WaitingSchema {
  let waiting = WAITING_SCHEMAS.get(schema);
  if (waiting === undefined) {
    if (!(schema instanceof z.ZodObject)) throw new Error("A request that may wait has fields.");
    waiting = schema.omit({ timeoutSeconds: true }).extend({ wait }) as unknown as WaitingSchema;
    WAITING_SCHEMAS.set(schema, waiting);
  }
  return waiting;
}

/**
 * The commands of puts that share an operation: one message each, stored or refused independently.
 *
 * @throws {ProblemError} if the operation breaks a rule
 */
export function putCommandsOf(operation: Operation, context: RequestContext): Command[] {
  const { verb, request = {}, contents, keys = [] } = operation;
  grantedVerb(verb, context);
  if (verb !== "put") throw invalid("keys", "are only for puts");
  const { messages, wait } = check(socketPutRequest, request);
  if (wait) throw invalid("wait", "must be false for puts that share an operation");
  if (keys.length !== contents.length)
    throw invalid("keys", `must be as many as the ${contents.length} lines, but are ${keys.length}`);
  return messagesOfLines(contents, messages).map((message, index) =>
    putCommand([message], 0, keys[index], context.now),
  );
}

/** Whether the request of a put has no field but `wait`, as most that may wait. For speed, as the `recognize` of verbs. */
function isOnlyWait(request: unknown): request is { wait: boolean } {
  if (typeof request !== "object" || request === null || !("wait" in request)) return false;
  return typeof request.wait === "boolean" && Object.keys(request).length === 1;
}

/** A wait on a socket has no timeout. */
function secondsOf(wait: boolean): number {
  return wait ? Number.POSITIVE_INFINITY : 0;
}
