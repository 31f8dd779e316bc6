/** New messages, from the request of a put over HTTP or from the lines of a frame, and the rules for both. */
import type * as z from "zod";
import { base64BytesOf, base64CharactersOf, isBase64 } from "../../contract/base64.ts";
import {
  BATCH_BYTES_MAX,
  BODY_BYTES_MAX,
  DELAY_SECONDS_MAX,
  PRIORITY_DEFAULT,
  TASK_HEADER,
} from "../../contract/limits.ts";
import { utf8Bytes } from "../../queue/base/bytes.ts";
import type { MessageChanges, MessageRules, NewMessage, PutCommand } from "../../queue/base/commands.ts";
import { Faults } from "../check/faults.ts";
import { invalid, tooLarge } from "../check/problem-error.ts";
import type { messageOptions, newMessage } from "../schema/messages.ts";
import type { messageRun } from "../schema/socket-operation.ts";
import { jsonTextOf, parsedLine } from "./json-text.ts";
import { milliseconds, orMilliseconds } from "./milliseconds.ts";

type Options = Omit<NewMessage, "content">;

/** Messages that follow one another in a frame and have the same options. */
type Run = z.output<typeof messageRun>;

function optionsOf(options: z.output<typeof messageOptions>): Options {
  const { priority, delaySeconds, at, dedupeKey, dedupeUntil, group } = options;
  const plain = { priority, delayMs: milliseconds(delaySeconds), visibleAt: orMilliseconds(at), dedupeKey, group };
  const headers = headersOf(options.headers);
  const rules = rulesOf(options);
  if (headers === undefined && rules === undefined && dedupeUntil === undefined) return plain;
  const isJob = options.headers?.[TASK_HEADER] !== undefined;
  return { ...plain, headers, rules, isJob, isDedupedUntilDone: dedupeUntil === "done" };
}

/** The text of the headers; undefined if there are none. */
function headersOf(headers: Record<string, string> | undefined): string | undefined {
  const text = JSON.stringify(headers);
  return text === "{}" ? undefined : text;
}

type RuleName = "maxAttempts" | "retryDelaySeconds" | "retentionSeconds" | "resultSeconds";
type Rules = Pick<z.output<typeof messageOptions>, RuleName>;

function rulesOf({ maxAttempts, ...seconds }: Rules): MessageRules | undefined {
  const { retryDelaySeconds, retentionSeconds, resultSeconds } = seconds;
  const [retryDelayMs, retentionMs] = [orMilliseconds(retryDelaySeconds), orMilliseconds(retentionSeconds)];
  const resultMs = orMilliseconds(resultSeconds);
  const isNone = (maxAttempts ?? retryDelayMs ?? retentionMs ?? resultMs) === undefined;
  return isNone ? undefined : { maxAttempts, retryDelayMs, retentionMs, resultMs };
}

/** Makes of a message's content the text that is stored, and handed out without being parsed again. */
export function newMessageOf({ body, bytes, ...options }: z.output<typeof newMessage>, index: number): NewMessage {
  return { content: contentOf(body, bytes, `messages[${index}].body`), ...optionsOf(options) };
}

/** @param path of the body */
function contentOf(body: unknown, bytes: string | undefined, path: string): string {
  if (bytes !== undefined) return `"bytes":"${bytes}"`;
  return `"body":${jsonTextOf(body, path)}`;
}

/** What is to be changed of a message. */
interface Changed {
  body?: unknown;
  bytes?: string | undefined;
  headers?: Record<string, string> | null | undefined;
  priority?: number | undefined;
  delaySeconds?: number | undefined;
  at?: number | undefined;
}

/**
 * The changes of a message, by the rules of a put.
 *
 * @param now the time by the clock, in milliseconds
 * @throws {ProblemError} `invalid` or `too_large`
 */
export function changesOf({ body, bytes, headers, priority, delaySeconds, at }: Changed, now: number): MessageChanges {
  const visibleAt = orMilliseconds(at);
  if ((visibleAt ?? 0) > latestAt(now)) throw invalid("at", TOO_LATE);
  const hasContent = body !== undefined || bytes !== undefined;
  const content = hasContent ? contentOf(body, bytes, "body") : undefined;
  if (content !== undefined && sizeOf(content) > BODY_BYTES_MAX) {
    throw tooLarge(
      bytes === undefined ? "body" : "bytes",
      `has ${sizeOf(content)} bytes; at most ${BODY_BYTES_MAX} are allowed`,
    );
  }
  const headersText = headers === undefined ? undefined : (headersOf(headers ?? undefined) ?? null);
  return { content, headers: headersText, priority, delayMs: orMilliseconds(delaySeconds), visibleAt };
}

const PLAIN: Options = optionsOf({ priority: PRIORITY_DEFAULT, delaySeconds: 0 });

/** 366 days ahead. */
function latestAt(now: number): number {
  return now + DELAY_SECONDS_MAX * 1_000;
}

const TOO_LATE = "must be at most 366 days from now";

/**
 * Messages whose contents came as lines of a frame. The lines are stored and handed out as they are.
 *
 * @param runs undefined if no message has options
 * @throws {ProblemError} `invalid` or `too_large`
 */
export function messagesOfLines(lines: readonly string[], runs: readonly Run[] | undefined): NewMessage[] {
  if (lines.length === 0) throw invalid("lines", "must be at least 1 in a put");
  if (runs === undefined) return lines.map((line, index) => ({ content: bodyOf(line, index), ...PLAIN }));
  const messages: NewMessage[] = [];
  for (const { count, bytes, ...options } of runs) {
    const rest = optionsOf(options);
    for (let end = messages.length + count; messages.length < end; ) {
      const index = messages.length;
      const line = lines[index];
      if (line === undefined) throw invalid("messages", `must be as many as the lines, but are more than ${index}`);
      messages.push({ content: bytes ? bytesOf(line, index) : bodyOf(line, index), ...rest });
    }
  }
  if (messages.length < lines.length) {
    throw invalid("messages", `must be as many as the ${lines.length} lines, but are ${messages.length}`);
  }
  return messages;
}

/**
 * A line is parsed only to see that it is JSON, because its text becomes part of replies to other clients. The text is
 * passed on as it is, which costs a quarter of writing the parsed value again.
 */
function bodyOf(line: string, index: number): string {
  assertLength(index, line.length, BODY_BYTES_MAX);
  parsedLine(line, index);
  return `"body":${line}`;
}

function bytesOf(line: string, index: number): string {
  const text = parsedLine(line, index);
  if (typeof text === "string") assertLength(index, text.length, base64CharactersOf(BODY_BYTES_MAX));
  if (typeof text !== "string" || !isBase64(text)) throw invalid(`lines[${index}]`, "must be a JSON string of base64");
  return `"bytes":"${text}"`;
}

/**
 * The command that puts messages.
 *
 * @param timeoutSeconds how long the put waits while the queue is full
 * @param now the time by the clock, in milliseconds, which bounds how far ahead a message may be scheduled
 * @throws {ProblemError} `invalid` or `too_large`
 */
export function putCommand(
  messages: NewMessage[],
  timeoutSeconds: number,
  idempotencyKey: string | undefined,
  now: number,
): PutCommand {
  assertSchedule(messages, latestAt(now));
  assertSizes(messages);
  return { verb: "put", messages, timeoutMs: milliseconds(timeoutSeconds), idempotencyKey };
}

/** @throws {ProblemError} `invalid` for messages that become visible after `latest`, in milliseconds */
function assertSchedule(messages: NewMessage[], latest: number): void {
  const faults = new Faults();
  for (const [index, { visibleAt = 0 }] of messages.entries()) {
    if (visibleAt <= latest) continue;
    faults.add(() => ({ path: `messages[${index}].at`, message: TOO_LATE }));
  }
  if (faults.count > 0) throw faults.problem();
}

const BODY_PREFIX_LENGTH = '"body":'.length;
const BYTES_FRAME_LENGTH = '"bytes":""'.length;

/**
 * Refuses a content that is certainly too large before it is parsed: a body has at least as many bytes as characters,
 * and the length of base64 text gives the number of its bytes.
 */
function assertLength(index: number, characters: number, charactersMax: number): void {
  if (characters <= charactersMax) return;
  throw tooLarge(`messages[${index}]`, `has ${characters} characters; at most ${charactersMax} are allowed`);
}

/** @throws {ProblemError} `too_large` for a body above `BODY_BYTES_MAX`, or all bodies and headers above `BATCH_BYTES_MAX` */
function assertSizes(messages: NewMessage[]): void {
  const characters = messages.reduce((sum, { content, headers }) => sum + content.length + (headers?.length ?? 0), 0);
  // A character takes at most three bytes, so the bytes of most requests need not be counted.
  if (characters * 3 <= BODY_BYTES_MAX) return;
  let batchBytes = 0;
  for (const [index, { content, headers }] of messages.entries()) {
    const bytes = sizeOf(content);
    batchBytes += bytes + utf8Bytes(headers ?? "");
    if (bytes > BODY_BYTES_MAX) {
      throw tooLarge(`messages[${index}]`, `has ${bytes} bytes; at most ${BODY_BYTES_MAX} are allowed`);
    }
  }
  if (batchBytes > BATCH_BYTES_MAX) {
    throw tooLarge("messages", `have ${batchBytes} bytes together; at most ${BATCH_BYTES_MAX} are allowed in one put`);
  }
}

function sizeOf(content: string): number {
  if (!content.startsWith('"body":')) return base64BytesOf(content.slice(BYTES_FRAME_LENGTH - 1, -1));
  return utf8Bytes(content) - BODY_PREFIX_LENGTH;
}
