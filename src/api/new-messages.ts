/** Messages that are put, as they come over HTTP, and what holds for all that are put, whichever way they come. */
import type * as z from "zod";
import { base64BytesOf } from "../contract/base64.ts";
import { BATCH_BYTES_MAX, BODY_BYTES_MAX } from "../contract/limits.ts";
import type { messageOptions, newMessage } from "../contract/schema/messages.ts";
import type { NewMessage } from "../queue/base/commands.ts";
import { Faults } from "./faults.ts";
import { milliseconds, orMilliseconds } from "./milliseconds.ts";
import { ProblemError } from "./problem-error.ts";

type Options = Omit<NewMessage, "content">;

export function optionsOf({ priority, delaySeconds, at, dedupeKey, group }: z.output<typeof messageOptions>): Options {
  return { priority, delayMs: milliseconds(delaySeconds), visibleAt: orMilliseconds(at), dedupeKey, group };
}

/** Turns the content into the text that will be stored and handed out as it is. */
export function newMessageOf({ body, bytes, ...options }: z.output<typeof newMessage>, index: number): NewMessage {
  const rest = optionsOf(options);
  if (bytes !== undefined) return { content: `"bytes":"${bytes}"`, ...rest };
  try {
    return { content: `"body":${JSON.stringify(body)}`, ...rest };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const path = `messages[${index}].body`;
    throw new ProblemError("invalid", `${path} is nested too deeply.`, [{ path, message: "is nested too deeply" }]);
  }
}

export function assertSchedule(messages: NewMessage[], latest: number): void {
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
 * Refuses a content that is certainly too large before anything else is looked at: bodies are at least as many bytes
 * as they have characters, and base64 tells its bytes by its length.
 */
export function assertLength(index: number, characters: number, charactersMax: number): void {
  if (characters <= charactersMax) return;
  throw tooLarge(`messages[${index}]`, `has ${characters} characters, more than ${charactersMax}`);
}

export function assertSizes(messages: NewMessage[]): void {
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
  if (!content.startsWith('"body":')) return base64BytesOf(content.slice(BYTES_FRAME_LENGTH - 1, -1));
  return new TextEncoder().encode(content).length - BODY_PREFIX_LENGTH;
}

function tooLarge(path: string, message: string): ProblemError {
  return new ProblemError("too_large", `${path} ${message}.`, [{ path, message }]);
}
