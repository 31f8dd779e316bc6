import type { RequestOf } from "../../../src/api/types.ts";
import {
  ERROR_CHARACTERS_MAX,
  ERROR_NAME_CHARACTERS_MAX,
  ERROR_STACK_CHARACTERS_MAX,
} from "../../../src/contract/limits.ts";

/** How many errors of a chain of causes are kept. */
const CAUSES_MAX = 4;

/** How many lines of where it was thrown are kept of an error that has a cause. */
const FRAMES_BESIDE_CAUSE_MAX = 4;

/** Why an attempt failed, as it is sent: the parts of an error, or a text for what is none. */
export type ErrorParts = NonNullable<RequestOf<"retry">["error"]>;

/** Those of errors that were thrown in another thread or process. */
const known = new WeakMap<Error, ErrorParts>();

/** An error whose parts are these, as they were made where it was thrown. */
export function withParts<Each extends Error>(error: Each, parts: ErrorParts): Each {
  known.set(error, parts);
  return error;
}

/**
 * Why an attempt failed: name, message and where it was thrown with its causes, each cut to what the queue keeps. Never
 * throws, whatever was thrown.
 */
export function errorParts(error: unknown): ErrorParts {
  try {
    if (!(error instanceof Error)) return cut(textOf(error), ERROR_CHARACTERS_MAX);
    const parts = known.get(error);
    if (parts !== undefined) return parts;
    const name = cut(String(error.name) || "Error", ERROR_NAME_CHARACTERS_MAX);
    const message = cut(String(error.message), ERROR_CHARACTERS_MAX);
    const stack = cut(stackOf(error, CAUSES_MAX).join("\n"), ERROR_STACK_CHARACTERS_MAX);
    return stack === "" ? { name, message } : { name, message, stack };
  } catch {
    return "The thrown value has no text.";
  }
}

/** Where an error was thrown, and what caused it. */
function stackOf(error: Error, causesLeft: number): string[] {
  const frames = String(error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at |^[^\s].*@.*:\d+:\d+$/.test(line));
  if (error.cause === undefined || causesLeft === 0) return frames;
  const cause = causeOf(error.cause, causesLeft - 1);
  return [...frames.slice(0, FRAMES_BESIDE_CAUSE_MAX), ...cause];
}

function causeOf(cause: unknown, causesLeft: number): string[] {
  if (!(cause instanceof Error)) return [`Caused by ${textOf(cause)}`];
  const head = cause.message === "" ? cause.name : `${cause.name}: ${cause.message}`;
  return [`Caused by ${cut(head, ERROR_CHARACTERS_MAX)}`, ...stackOf(cause, causesLeft)];
}

/** The text of a thrown value that is no error: as JSON if it has fields. */
function textOf(value: unknown): string {
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
