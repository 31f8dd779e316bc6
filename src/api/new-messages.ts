/** New messages, from the request of a put over HTTP or from the lines of a frame, and the rules for both. */
import type * as z from "zod";
import { base64BytesOf, base64CharactersOf, isBase64 } from "../contract/base64.ts";
import { BATCH_BYTES_MAX, BODY_BYTES_MAX, DELAY_SECONDS_MAX, PRIORITY_DEFAULT } from "../contract/limits.ts";
import type { messageOptions, newMessage } from "../contract/schema/messages.ts";
import type { messageRun } from "../contract/schema/socket-operations.ts";
import type { Command, NewMessage } from "../queue/base/commands.ts";
import { Faults } from "./faults.ts";
import { milliseconds, orMilliseconds } from "./milliseconds.ts";
import { invalid, tooLarge } from "./problem-error.ts";

type Options = Omit<NewMessage, "content">;

/** Messages that follow one another in a frame and have the same options. */
type Run = z.output<typeof messageRun>;

function optionsOf({ priority, delaySeconds, at, dedupeKey, group }: z.output<typeof messageOptions>): Options {
  return { priority, delayMs: milliseconds(delaySeconds), visibleAt: orMilliseconds(at), dedupeKey, group };
}

/** Makes of a message's content the text that is stored, and handed out without being parsed again. */
export function newMessageOf({ body, bytes, ...options }: z.output<typeof newMessage>, index: number): NewMessage {
  const rest = optionsOf(options);
  if (bytes !== undefined) return { content: `"bytes":"${bytes}"`, ...rest };
  try {
    return { content: `"body":${JSON.stringify(body)}`, ...rest };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalid(`messages[${index}].body`, "is nested too deeply to be stored");
  }
}

const PLAIN: Options = optionsOf({ priority: PRIORITY_DEFAULT, delaySeconds: 0 });

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
  parsed(line, index);
  return `"body":${line}`;
}

function bytesOf(line: string, index: number): string {
  const text = parsed(line, index);
  if (typeof text === "string") assertLength(index, text.length, base64CharactersOf(BODY_BYTES_MAX));
  if (typeof text !== "string" || !isBase64(text)) throw invalid(`lines[${index}]`, "must be a JSON string of base64");
  return `"bytes":"${text}"`;
}

function parsed(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw invalid(`lines[${index}]`, `must be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
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
): Command {
  assertSchedule(messages, now + DELAY_SECONDS_MAX * 1_000);
  assertSizes(messages);
  return { verb: "put", messages, timeoutMs: milliseconds(timeoutSeconds), idempotencyKey };
}

/** @throws {ProblemError} `invalid` for messages that become visible after `latest`, in milliseconds */
function assertSchedule(messages: NewMessage[], latest: number): void {
  const faults = new Faults();
  for (const [index, { visibleAt = 0 }] of messages.entries()) {
    if (visibleAt <= latest) continue;
    faults.add(() => ({ path: `messages[${index}].at`, message: "must be at most 366 days from now" }));
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

/** @throws {ProblemError} `too_large` for a body above `BODY_BYTES_MAX`, or all bodies above `BATCH_BYTES_MAX` */
function assertSizes(messages: NewMessage[]): void {
  const characters = messages.reduce((sum, { content }) => sum + content.length, 0);
  // A character takes at most three bytes, so the bytes of most requests need not be counted.
  if (characters * 3 <= BODY_BYTES_MAX) return;
  let batchBytes = 0;
  for (const [index, { content }] of messages.entries()) {
    const bytes = sizeOf(content);
    batchBytes += bytes;
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
  return new TextEncoder().encode(content).length - BODY_PREFIX_LENGTH;
}
