/** Parses JSON whose numbers a queue can hold. */

/** What may lose digits as a double: sixteen digits, or an exponent of three. Texts that have these match too. */
const LONG_NUMBER = /\d{16}|[eE]\+?\d{3}/;

/** A number that would be stored as another one. Its message is the end of a sentence that begins with "Line 7". */
export class InexactNumber extends Error {}

type Reviver = (key: string, value: unknown, context?: { source?: string }) => unknown;

/**
 * The value of a JSON text. The digits behind the point that no double can hold are rounded.
 *
 * @throws {SyntaxError} for a text that is not JSON
 * @throws {InexactNumber} for an integer that would be stored as another one, or a number beyond all doubles
 */
export function exactJson(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  const parse: (text: string, reviver: Reviver) => unknown = JSON.parse;
  return parse(text, (_, value, context) => {
    if (typeof value === "number") assertExact(value, context?.source);
    return value;
  });
}

function assertExact(value: number, source: string | undefined): void {
  const isWhole = source !== undefined && /^-?\d+$/.test(source);
  if (Number.isFinite(value) && (!isWhole || BigInt(source) === BigInt(value))) return;
  const stored = Number.isFinite(value) ? String(value) : "null";
  throw new InexactNumber(`has the number ${source ?? value}, which would be stored as ${stored}: send it as a text`);
}
