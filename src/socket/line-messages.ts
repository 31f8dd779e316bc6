import type * as z from "zod";
import { assertLength, optionsOf } from "../api/new-messages.ts";
import { ProblemError } from "../api/problem-error.ts";
import { base64CharactersOf, isBase64 } from "../contract/base64.ts";
import { BODY_BYTES_MAX, PRIORITY_DEFAULT } from "../contract/limits.ts";
import type { messageRun } from "../contract/schema/socket-operations.ts";
import type { NewMessage } from "../queue/base/commands.ts";

type Run = z.output<typeof messageRun>;

/**
 * Messages whose contents came as lines. The lines are stored and handed out as they are.
 *
 * @param runs undefined where no message has options
 */
export function messagesOfLines(lines: readonly string[], runs: readonly Run[] | undefined): NewMessage[] {
  if (lines.length === 0) throw invalid("lines", "must be at least 1");
  if (runs === undefined) return lines.map((line, index) => ({ content: bodyOf(line, index), ...PLAIN }));
  const messages: NewMessage[] = [];
  for (const { count, bytes, ...options } of runs) {
    const rest = optionsOf(options);
    for (let end = messages.length + count; messages.length < end; ) {
      const index = messages.length;
      const line = lines[index];
      if (line === undefined) throw invalid("messages", `are more than the ${lines.length} lines`);
      messages.push({ content: bytes ? bytesOf(line, index) : bodyOf(line, index), ...rest });
    }
  }
  if (messages.length < lines.length) throw invalid("messages", `are fewer than the ${lines.length} lines`);
  return messages;
}

const PLAIN: Omit<NewMessage, "content"> = optionsOf({ priority: PRIORITY_DEFAULT, delaySeconds: 0 });

/**
 * Parsed only to see that it is JSON, because it becomes part of what others are told: what comes of it is dropped,
 * and the text goes on its way. That costs a quarter of making a text of it again.
 */
function bodyOf(line: string, index: number): string {
  assertLength(index, line.length, BODY_BYTES_MAX);
  parsed(line, index);
  return `"body":${line}`;
}

function bytesOf(line: string, index: number): string {
  const text = parsed(line, index);
  if (typeof text === "string") assertLength(index, text.length, base64CharactersOf(BODY_BYTES_MAX));
  if (typeof text !== "string" || !isBase64(text)) {
    throw invalid(`lines[${index}]`, "must be a string of base64");
  }
  return `"bytes":"${text}"`;
}

function parsed(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw invalid(`lines[${index}]`, `must be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function invalid(path: string, message: string): ProblemError {
  return new ProblemError("invalid", `${path} ${message}.`, [{ path, message }]);
}
