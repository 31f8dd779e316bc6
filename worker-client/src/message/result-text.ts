import { RESULT_BYTES_MAX } from "../../../src/contract/limits.ts";
import { InvalidOutput } from "../base/job-errors.ts";

const encoder = new TextEncoder();

/**
 * A result as JSON text. What JSON has no form for, as `undefined`, is null.
 *
 * @param what what it is the result of, for messages
 * @throws {InvalidOutput} if it has no JSON form, as a bigint, or is larger than a result may be
 */
export function resultText(result: unknown, what: string, queue: string): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(result);
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : String(cause);
    throw new InvalidOutput(`The result of ${what} has no JSON form: ${reason.replace(/\.?$/, ".")}`, { queue, cause });
  }
  if (text === undefined) return "null";
  // A character takes at most three bytes: most results need not be counted.
  const bytes = text.length * 3 <= RESULT_BYTES_MAX ? 0 : encoder.encode(text).length;
  if (bytes <= RESULT_BYTES_MAX) return text;
  const rule = `more than the ${RESULT_BYTES_MAX} that a result may have`;
  throw new InvalidOutput(
    `The result of ${what} has ${bytes} bytes as JSON, ${rule}. Store it elsewhere, and return where it is.`,
    { queue },
  );
}
