/** What a receiver says of single messages in the body of a successful answer. */
import type { PushVerdict } from "../../api/push.ts";
import {
  DELAY_SECONDS_MAX,
  ERROR_CHARACTERS_MAX,
  ERROR_NAME_CHARACTERS_MAX,
  ERROR_STACK_CHARACTERS_MAX,
} from "../../contract/limits.ts";
import type { JobError } from "../../queue/base/views.ts";

/**
 * One verdict for each message: those that the body names are retried or rejected, all others are acked. What is not
 * understood of the body is ignored; what names a message twice counts once, the first time, a retry before a reject.
 *
 * @param ids those of the messages
 * @param body what the receiver answered; undefined for none that is JSON
 */
export function verdictsIn(ids: readonly string[], body: string | undefined): PushVerdict[] {
  const { retry, reject } = objectIn(body);
  const verdicts = new Map<string, PushVerdict>();
  const note = (listed: unknown, verdictOf: (entry: Readonly<Record<string, unknown>>) => PushVerdict) => {
    if (!Array.isArray(listed)) return;
    for (const entry of listed) {
      // A message may be named by its id alone.
      const fields = typeof entry === "string" ? { id: entry } : isObject(entry) ? entry : {};
      if (typeof fields.id === "string" && !verdicts.has(fields.id)) verdicts.set(fields.id, verdictOf(fields));
    }
  };
  note(retry, ({ delaySeconds, error }) => ({ verb: "retry", ...delayOf(delaySeconds), ...errorOf(error) }));
  note(reject, ({ error }) => ({ verb: "reject", ...errorOf(error) }));
  return ids.map((id) => verdicts.get(id) ?? { verb: "ack" });
}

function objectIn(body: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body ?? "null");
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function delayOf(seconds: unknown): { delayMs?: number } {
  const isDelay = typeof seconds === "number" && seconds >= 0;
  return isDelay ? { delayMs: Math.round(Math.min(seconds, DELAY_SECONDS_MAX) * 1_000) } : {};
}

/** @param error a text, or an object with `name`, `message` and `stack` */
function errorOf(error: unknown): { error?: JobError } {
  if (typeof error === "string") return { error: { name: "Error", message: error.slice(0, ERROR_CHARACTERS_MAX) } };
  if (!isObject(error)) return {};
  const { name = "Error", message = "", stack } = error;
  const parts = {
    name: String(name).slice(0, ERROR_NAME_CHARACTERS_MAX),
    message: String(message).slice(0, ERROR_CHARACTERS_MAX),
  };
  return { error: typeof stack === "string" ? { ...parts, stack: stack.slice(0, ERROR_STACK_CHARACTERS_MAX) } : parts };
}
