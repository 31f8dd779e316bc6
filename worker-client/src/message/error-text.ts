import {
  ERROR_CHARACTERS_MAX,
  ERROR_NAME_CHARACTERS_MAX,
  ERROR_STACK_CHARACTERS_MAX,
} from "../../../src/contract/limits.ts";

/** An error as it is sent. */
interface ErrorParts {
  name: string;
  message: string;
  /** Where it was thrown, and its causes; absent where that is not known. */
  stack?: string;
}

/** How many errors of a chain of causes are kept. */
const CAUSES_MAX = 4;

/** How many lines of where it was thrown are kept of an error that has a cause. */
const FRAMES_ABOVE_CAUSE = 4;

/** How much of the message of a cause is kept. */
const CAUSE_CHARACTERS_MAX = 512;

/**
 * What is sent of a failure: the parts of an error, or a text of anything else that was thrown, cut to what the server
 * takes. Never throws, whatever was thrown.
 */
export function sentErrorOf(error: unknown): string | ErrorParts {
  try {
    if (!(error instanceof Error)) return cut(plainText(error), ERROR_CHARACTERS_MAX);
    const stack = traceOf(error, CAUSES_MAX).join("\n");
    return {
      name: cut(String(error.name), ERROR_NAME_CHARACTERS_MAX) || "Error",
      message: cut(String(error.message), ERROR_CHARACTERS_MAX),
      ...(stack === "" ? {} : { stack: cut(stack, ERROR_STACK_CHARACTERS_MAX) }),
    };
  } catch {
    return "The thrown value has no text.";
  }
}

/** The lines of where an error was thrown, and those of its causes. */
function traceOf({ stack, cause }: Error, causesLeft: number): string[] {
  const frames = String(stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at |^[^\s].*@.*:\d+:\d+$/.test(line));
  if (cause === undefined || causesLeft === 0) return frames;
  const head = `Caused by ${cut(cause instanceof Error ? headOf(cause) : plainText(cause), CAUSE_CHARACTERS_MAX)}`;
  const rest = cause instanceof Error ? traceOf(cause, causesLeft - 1) : [];
  return [...frames.slice(0, FRAMES_ABOVE_CAUSE), head, ...rest];
}

function headOf({ name, message }: Error): string {
  return message === "" ? String(name) : `${name}: ${message}`;
}

/** A thrown value that is no error: as JSON if it has fields. */
function plainText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return `${value} was thrown, which is no Error.`;
  if (typeof value !== "object") return String(value);
  const json = JSON.stringify(value);
  return json === undefined || json === "{}" ? Object.prototype.toString.call(value) : json;
}

function cut(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const end = charactersMax - 1;
  const isPair = /[\uD800-\uDBFF]/.test(text.charAt(end - 1));
  return `${text.slice(0, isPair ? end - 1 : end)}…`;
}
