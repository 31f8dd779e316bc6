import { utf8Bytes } from "../../queue/base/bytes.ts";
import { invalid, tooLarge } from "../check/problem-error.ts";

/**
 * The JSON text of a value. A value by binding is any that a call can carry, and not only what JSON can hold.
 *
 * @param path of the field
 * @throws {ProblemError} `invalid`
 */
export function jsonTextOf(value: unknown, path: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw invalid(path, "is nested too deeply to be stored");
    // A BigInt, or an object within itself.
    if (!(error instanceof TypeError)) throw error;
  }
  if (text === undefined) throw invalid(path, "must be a value that JSON can hold");
  return text;
}

/**
 * The same for a value that has at most so many bytes.
 *
 * @throws {ProblemError} `invalid`, `too_large`
 */
export function boundedJsonTextOf(value: unknown, path: string, bytesMax: number): string {
  const text = jsonTextOf(value, path);
  assertBytes(text, path, bytesMax);
  return text;
}

/** @throws {ProblemError} `too_large` for a text of more bytes */
export function assertBytes(text: string, path: string, bytesMax: number): void {
  // A character takes at most three bytes, so those of most texts need not be counted.
  const bytes = text.length * 3 <= bytesMax ? 0 : utf8Bytes(text);
  if (bytes > bytesMax) throw tooLarge(path, `has ${bytes} bytes; at most ${bytesMax} are allowed`);
}

/** The value of a line of a frame. @throws {ProblemError} `invalid` */
export function parsedLine(line: string, index: number): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw invalid(`lines[${index}]`, `must be JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
