import { ERROR_CHARACTERS_MAX } from "../../contract/limits.ts";
import type { DeathReason } from "../../contract/states.ts";
import { isHighSurrogate } from "./bytes.ts";
import type { JobError } from "./commands.ts";

/**
 * Why a job failed.
 *
 * @param given what its consumer gave with its last attempt, if that is why
 * @param attempts how often a handler has begun with it
 */
export function errorOf(given: JobError | string | undefined, reason: DeathReason, attempts: number): JobError {
  if (typeof given === "object") return given;
  if (given !== undefined) return { name: "Error", message: given };
  switch (reason) {
    case "expired":
      return { name: "Expired", message: "It was not finished before its retention was over." };
    case "rejected":
      return { name: "Rejected", message: "A consumer gave it up, and did not say why." };
    default: {
      const last = `Its last attempt, number ${attempts}, ended without an answer or an error`;
      return { name: "AttemptsUsedUp", message: `${last}: the worker died, was cut off, or was too slow.` };
    }
  }
}

/** How much of a long message the text of an error has, so that there is room for where it was thrown. */
const HEAD_CHARACTERS_MAX = 512;

/** The text of an error as the next attempt has it: its name, its message and its stack, of at most `ERROR_CHARACTERS_MAX`. */
export function lastErrorOf(error: JobError | string | undefined): string | undefined {
  if (typeof error !== "object") return error;
  const { name, message, stack = "" } = error;
  const head = message === "" ? name : `${name}: ${message}`;
  if (stack === "") return cut(head, ERROR_CHARACTERS_MAX);
  // The stack of an error in JavaScript begins with its name and message.
  const frames = stack.startsWith(head) ? stack.slice(head.length) : `\n${stack}`;
  return cut(`${cut(head, HEAD_CHARACTERS_MAX)}${frames}`, ERROR_CHARACTERS_MAX);
}

function cut(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const end = charactersMax - 1;
  return `${text.slice(0, isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end)}…`;
}
