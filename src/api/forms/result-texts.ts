/** The results of an ack, from its request or from the lines of a frame, and the rules for both. */
import { BATCH_BYTES_MAX, RESULT_BYTES_MAX } from "../../contract/limits.ts";
import type { Command } from "../../queue/base/commands.ts";
import { invalid, tooLarge } from "../check/problem-error.ts";
import { assertBytes, jsonTextOf, parsedLine } from "./json-text.ts";

type Ack = Extract<Command, { verb: "ack" }>;

/**
 * The texts of results that a request has as values.
 *
 * @throws {ProblemError} `invalid`, `too_large`
 */
export function resultTexts(results: readonly unknown[], receipts: number): string[] {
  return checked("results", results.length, receipts, (index) => jsonTextOf(results[index], `results[${index}]`));
}

/**
 * An ack whose results came as lines of its frame. As the contents of messages they are parsed only to see that they are
 * JSON: what has many results would otherwise be written as JSON again.
 *
 * @throws {ProblemError} `invalid`, `too_large`
 */
export function ackOfLines(command: Ack, lines: readonly string[]): Ack {
  if (command.results !== undefined) throw invalid("results", "are in the request or in lines, and not in both");
  const results = checked("lines", lines.length, command.receipts.length, (index) => lines[index] as string);
  // None is parsed that is too large: a line may be as large as its frame, which takes seconds, and hundreds of MB.
  for (const [index, line] of results.entries()) parsedLine(line, index);
  return { ...command, results };
}

function checked(path: string, count: number, receipts: number, textOf: (index: number) => string): string[] {
  if (count !== receipts) throw invalid(path, `must be as many as the ${receipts} receipts, but are ${count}`);
  const texts: string[] = [];
  let characters = 0;
  for (let index = 0; index < count; index += 1) {
    const text = textOf(index);
    assertBytes(text, `${path}[${index}]`, RESULT_BYTES_MAX);
    characters += text.length;
    if (characters > BATCH_BYTES_MAX) {
      throw tooLarge(path, `have more than ${BATCH_BYTES_MAX} characters together`);
    }
    texts.push(text);
  }
  return texts;
}
