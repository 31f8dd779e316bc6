import { UsageError } from "./exit.ts";

/** The text from which a value was read, which `JSON.parse` passes on for numbers. */
interface Source {
  source?: string;
}

type Reviver = (key: string, value: unknown, context?: Source) => unknown;

/**
 * Reads a JSON value, and refuses a number that would be stored as another one: the server reads numbers as JavaScript
 * does.
 *
 * @param place what the text is, as "The body"
 * @param hint what to do where it is not JSON, as a sentence
 * @throws {UsageError} for text that is not JSON, or a number that loses digits
 */
export function exactJson(
  text: string,
  place: string,
  hint = "Quote it for the shell, or give --text for a plain text.",
): unknown {
  const parse: (text: string, reviver: Reviver) => unknown = JSON.parse;
  try {
    return parse(text, (_, value, context) => {
      if (typeof value === "number") assertExact(value, context?.source, place);
      return value;
    });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${place} is not JSON: ${reason}. ${hint}`);
  }
}

function assertExact(value: number, source: string | undefined, place: string): void {
  const isWhole = source !== undefined && /^-?\d+$/.test(source);
  const isExact = isWhole ? Number.isFinite(value) && BigInt(source) === BigInt(value) : Number.isFinite(value);
  if (isExact) return;
  throw new UsageError(
    `${place} has the number ${source ?? value}, which a queue would store as ${value}: send it as a text, in quotes.`,
  );
}
