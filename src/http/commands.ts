/** From checked requests, in seconds, to the commands of a queue, in milliseconds. */
import type * as z from "zod";
import { BATCH_BYTES_MAX, BODY_BYTES_MAX, DELAY_SECONDS_MAX } from "../contract/limits.ts";
import type {
  ackRequest,
  configureRequest,
  doneRequest,
  extendRequest,
  joinRequest,
  newMessage,
  pauseRequest,
  putRequest,
  receiveRequest,
  retryRequest,
} from "../contract/schema.ts";
import type { Command, NewMessage } from "../queue/commands.ts";
import { ProblemError } from "./problem.ts";

/** @param now the time by the clock, which bounds how far ahead a message may be scheduled */
export function putCommand(
  request: z.output<typeof putRequest>,
  idempotencyKey: string | undefined,
  now: number,
): Command {
  const messages = request.messages.map(toNewMessage);
  assertSchedule(messages, now + DELAY_SECONDS_MAX * 1_000);
  assertSizes(messages);
  return { verb: "put", messages, timeoutMs: milliseconds(request.timeoutSeconds), idempotencyKey };
}

export function receiveCommand(request: z.output<typeof receiveRequest>): Command {
  const { max, leaseSeconds, timeoutSeconds, autoAck } = request;
  return {
    verb: "receive",
    max,
    leaseMs: orMilliseconds(leaseSeconds),
    timeoutMs: milliseconds(timeoutSeconds),
    autoAck,
  };
}

export function ackCommand({ receipts, finish }: z.output<typeof ackRequest>): Command {
  return { verb: "ack", receipts, finish };
}

export function retryCommand({ receipts, delaySeconds, error, dead }: z.output<typeof retryRequest>): Command {
  return { verb: "retry", receipts, delayMs: orMilliseconds(delaySeconds), error, isDead: dead };
}

export function extendCommand({ receipts, leaseSeconds }: z.output<typeof extendRequest>): Command {
  return { verb: "extend", receipts, leaseMs: milliseconds(leaseSeconds) };
}

export function doneCommand({ count }: z.output<typeof doneRequest>, idempotencyKey: string | undefined): Command {
  return { verb: "done", count, idempotencyKey };
}

export function joinCommand({ timeoutSeconds }: z.output<typeof joinRequest>): Command {
  return { verb: "join", timeoutMs: milliseconds(timeoutSeconds) };
}

export function configureCommand(request: z.output<typeof configureRequest>): Command {
  const { order, maxSize, maxLeasedPerGroup, maxAttempts, retryDelayFactor, retryDelayJitter } = request;
  const redelivery = given({
    maxAttempts,
    retryDelayMs: orMilliseconds(request.retryDelaySeconds),
    retryDelayFactor,
    retryDelayMaxMs: orMilliseconds(request.retryDelayMaxSeconds),
    retryDelayJitter,
  });
  const keys = given({
    idempotencyMs: orMilliseconds(request.idempotencySeconds),
    dedupeMs: orMilliseconds(request.dedupeSeconds),
  });
  const retention = given({
    retentionMs: orMilliseconds(request.retentionSeconds),
    deadLetterExpired: request.deadLetterExpired,
  });
  const leaseMs = orMilliseconds(request.leaseSeconds);
  const deadLetterQueue = request.deadLetterQueue === null ? "" : request.deadLetterQueue;
  const changes = given({ order, maxSize, leaseMs, maxLeasedPerGroup, deadLetterQueue });
  return { verb: "configure", changes: { ...changes, redelivery, keys, retention } };
}

type Given<Fields> = { [Field in keyof Fields]?: Exclude<Fields[Field], undefined> };

/** Without the fields that are undefined. */
function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<Fields>;
}

function orMilliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : milliseconds(seconds);
}

/** @param isPaused true to pause, false to resume */
export function pauseCommand({ only }: z.output<typeof pauseRequest>, isPaused: boolean): Command {
  return { verb: "pause", paused: only === undefined ? { puts: isPaused, receives: isPaused } : { [only]: isPaused } };
}

function milliseconds(seconds: number): number {
  return Math.round(seconds * 1_000);
}

/** Turns the content into the text that will be stored and handed out as it is. */
function toNewMessage(
  { body, bytes, priority, delaySeconds, at, dedupeKey, group }: z.output<typeof newMessage>,
  index: number,
): NewMessage {
  const rest = { priority, delayMs: milliseconds(delaySeconds), visibleAt: orMilliseconds(at), dedupeKey, group };
  if (bytes !== undefined) return { content: `"bytes":"${bytes}"`, ...rest };
  try {
    return { content: `"body":${JSON.stringify(body)}`, ...rest };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const path = `messages[${index}].body`;
    throw new ProblemError("invalid", `${path} is nested too deeply.`, [{ path, message: "is nested too deeply" }]);
  }
}

function assertSchedule(messages: NewMessage[], latest: number): void {
  const errors = messages.flatMap(({ visibleAt = 0 }, index) =>
    visibleAt > latest ? [{ path: `messages[${index}].at`, message: "must be at most 366 days from now" }] : [],
  );
  if (errors[0] !== undefined) throw new ProblemError("invalid", `${errors[0].path} ${errors[0].message}.`, errors);
}

const BODY_PREFIX_LENGTH = '"body":'.length;
const BYTES_FRAME_LENGTH = '"bytes":""'.length;

function assertSizes(messages: NewMessage[]): void {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  // A character takes at most three bytes: most requests need not be counted.
  if (characters * 3 <= BODY_BYTES_MAX) return;
  let batchBytes = 0;
  for (const [index, { content }] of messages.entries()) {
    const bytes = sizeOf(content);
    batchBytes += bytes;
    if (bytes > BODY_BYTES_MAX) throw tooLarge(`messages[${index}]`, `has ${bytes} bytes, more than ${BODY_BYTES_MAX}`);
  }
  if (batchBytes > BATCH_BYTES_MAX)
    throw tooLarge("messages", `have ${batchBytes} bytes, more than ${BATCH_BYTES_MAX}`);
}

function sizeOf(content: string): number {
  if (!content.startsWith('"body":')) {
    const padding = /=*"$/.exec(content)?.[0].length ?? 1;
    return ((content.length - BYTES_FRAME_LENGTH) / 4) * 3 - (padding - 1);
  }
  return new TextEncoder().encode(content).length - BODY_PREFIX_LENGTH;
}

function tooLarge(path: string, message: string): ProblemError {
  return new ProblemError("too_large", `${path} ${message}.`, [{ path, message }]);
}
