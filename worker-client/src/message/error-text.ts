import { ERROR_CHARACTERS_MAX } from "../../../src/contract/limits.ts";

/** How much of a long message is kept, so that there is room for where it was thrown. */
const MESSAGE_CHARACTERS_MAX = 512;

/** How many errors of a chain of causes are kept. */
const CAUSES_MAX = 4;

/**
 * The text of an error for the next attempt: its name, its message and where it was thrown, cut to what a message can
 * keep. Never throws, whatever was thrown.
 */
export function errorText(error: unknown): string {
  try {
    return cut(textOf(error, CAUSES_MAX), ERROR_CHARACTERS_MAX);
  } catch {
    return "The thrown value has no text.";
  }
}

function textOf(error: unknown, causesLeft: number): string {
  if (typeof error === "string") return error;
  if (!(error instanceof Error)) return plainText(error);
  const head = cut(
    error.message === "" ? String(error.name) : `${error.name}: ${error.message}`,
    MESSAGE_CHARACTERS_MAX,
  );
  const frames = String(error.stack ?? "")
    .split("\n")
    .filter((line) => /^\s+at |^[^\s].*@.*:\d+:\d+$/.test(line));
  const cause =
    error.cause === undefined || causesLeft === 0 ? [] : [`Caused by ${textOf(error.cause, causesLeft - 1)}`];
  return [head, ...frames.slice(0, cause.length === 0 ? frames.length : 4), ...cause].join("\n");
}

/** A thrown value that is no error: as JSON if it has fields. */
function plainText(value: unknown): string {
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
