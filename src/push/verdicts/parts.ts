/** Parts of verdicts that a receiver or a consumer has sent, which may be anything: cut to what a queue keeps. */
import type { PushVerdict } from "../../api/push.ts";
import {
  DELAY_SECONDS_MAX,
  ERROR_CHARACTERS_MAX,
  ERROR_NAME_CHARACTERS_MAX,
  ERROR_STACK_CHARACTERS_MAX,
} from "../../contract/limits.ts";
import type { JobError } from "../../queue/base/views.ts";

/** Whether a value is an object with fields, and no array. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A delay, given in milliseconds; none for what is no delay. */
export function delayIn(delayMs: unknown): { delayMs?: number } {
  const isDelay = typeof delayMs === "number" && delayMs >= 0;
  return isDelay ? { delayMs: Math.round(Math.min(delayMs, DELAY_SECONDS_MAX * 1_000)) } : {};
}

/** An error; none for what is none. @param error a text, or an object with `name`, `message` and `stack` */
export function errorIn(error: unknown): { error?: JobError } {
  if (typeof error === "string") return { error: { name: "Error", message: error.slice(0, ERROR_CHARACTERS_MAX) } };
  if (!isFields(error)) return {};
  const { name = "Error", message = "", stack } = error;
  const parts = {
    name: textOf(name).slice(0, ERROR_NAME_CHARACTERS_MAX) || "Error",
    message: textOf(message).slice(0, ERROR_CHARACTERS_MAX),
  };
  return { error: typeof stack === "string" ? { ...parts, stack: stack.slice(0, ERROR_STACK_CHARACTERS_MAX) } : parts };
}

/** The message of what was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The verdict on a message whose delivery threw this: it may have been handled. */
export function retryAfter(thrown: unknown): PushVerdict {
  const name = thrown instanceof Error ? thrown.name : "Error";
  return { verb: "retry", ...errorIn({ name, message: messageOf(thrown) }) };
}

/** An object may have a `toString` that is no function, so that `String` throws. */
function textOf(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
