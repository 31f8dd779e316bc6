/** Checks of arguments: a mistake is thrown at once, with the option, the rule and the value. */
import { foreignHint } from "./foreign-names.ts";

/** The options of every call. */
export interface CallOptions {
  /** Ends the call with the signal's reason. The call may have been applied. */
  signal?: AbortSignal | undefined;
  /**
   * For how long the call is sent again while the server cannot be reached or fails: 0 tries once. Default: the
   * manager's `retrySeconds`.
   */
  retrySeconds?: number | undefined;
}

/** The options that a call has: the names alone count, and a table of checks is such a list too. */
export type Known<Options> = Record<keyof Options, unknown>;

/** The options that every call has. */
export const CALL_OPTIONS: Known<CallOptions> = { signal: true, retrySeconds: true };

/**
 * Throws a `TypeError` for an option that the call does not have, with the one that was probably meant.
 *
 * @param call how the call is written, as `put()`
 */
export function checkOptions<Options extends object>(call: string, options: Options, known: Known<Options>): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${call} takes its options as an object, not ${shown(options)}.`);
  }
  for (const name in options) {
    if (!Object.hasOwn(known, name)) throw unknownOption(call, name, Object.keys(known));
  }
  const { retrySeconds, signal } = options as CallOptions;
  if (retrySeconds !== undefined) checkNumber("retrySeconds", retrySeconds, { min: 0 });
  if (signal !== undefined && typeof signal?.aborted !== "boolean") {
    throw new TypeError(`signal must be an AbortSignal, not ${shown(signal)}.`);
  }
}

interface NumberRule {
  min: number;
  /** Default: no bound. */
  max?: number;
  isInteger?: boolean;
}

/** Throws a `TypeError` for a value that is no number, and a `RangeError` for one that breaks the rule. */
export function checkNumber(
  name: string,
  value: unknown,
  { min, max = Infinity, isInteger = false }: NumberRule,
): void {
  const kind = isInteger ? "an integer" : "a number";
  const rule = max === Infinity ? `${kind} of ${min} or more` : `${kind} from ${min} to ${max}`;
  if (typeof value !== "number") throw new TypeError(`${name} must be ${rule}, not ${shown(value)}.`);
  const isOfKind = isInteger ? Number.isInteger(value) : !Number.isNaN(value);
  if (!isOfKind || value < min || value > max) throw new RangeError(`${name} must be ${rule}, not ${value}.`);
}

/** Throws a `TypeError` for a value that is not true or false. */
export function checkBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== "boolean") {
    throw new TypeError(`${name} must be true or false, not ${shown(value)}.`);
  }
}

/** Throws a `TypeError` for a value that is no function. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, not ${shown(value)}.`);
}

/**
 * The seconds since 1970 of a time. Throws a `TypeError` for a value that is no `Date`, and a `RangeError` for an
 * invalid one.
 */
export function secondsOf(name: string, date: unknown): number | undefined {
  if (date === undefined) return undefined;
  if (!(date instanceof Date)) throw new TypeError(`${name} must be a Date, not ${shown(date)}.`);
  const ms = date.getTime();
  if (Number.isNaN(ms)) throw new RangeError(`${name} must be a valid Date, not an invalid one.`);
  return ms / 1_000;
}

/** A value in a sentence, in a few words. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return String(value);
}

function unknownOption(call: string, name: string, known: string[]): TypeError {
  const foreign = foreignHint(name, known);
  const hint = foreign ?? nearHint(name, known);
  const said = hint === undefined ? "" : ` ${hint}`;
  return new TypeError(`${call} has no option ${JSON.stringify(name)}.${said} It has: ${known.join(", ")}.`);
}

/** The option whose name is like this one. */
function nearHint(name: string, known: string[]): string | undefined {
  const nearest = known
    .map((option) => ({ option, distance: distance(name.toLowerCase(), option.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const isNear = nearest !== undefined && (nearest.distance <= 2 || isPart(name, nearest.option));
  const meant = isNear ? nearest.option : known.find((option) => isPart(name, option));
  return meant === undefined ? undefined : `Did you mean ${JSON.stringify(meant)}?`;
}

/** Whether one is a part of the other, as `delay` of `delaySeconds`, or both begin alike, as with another unit. */
function isPart(a: string, b: string): boolean {
  const [short, long] = [a.toLowerCase(), b.toLowerCase()].sort((x, y) => x.length - y.length) as [string, string];
  return (short.length >= 3 && long.includes(short)) || (short.length >= 6 && long.startsWith(short.slice(0, 6)));
}

/** How many characters must be put in, left out or replaced to make one text of the other (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
