/** What a Worker's consumer has answered, checked: it may be of another version, or something else. */
import type { PushVerdict } from "../../api/push.ts";
import { RESULT_BYTES_MAX } from "../../contract/limits.ts";
import { type PushSettings, pushSettingsOf } from "../../contract/push-settings.ts";
import { utf8Bytes } from "../../queue/base/bytes.ts";
import { delayIn, errorIn, isFields } from "./parts.ts";

/** The outcome of a batch, as far as it could be understood. */
interface CheckedOutcome {
  /** One for each message, in their order. */
  verdicts: PushVerdict[];
  /** Undefined if they break their rules. */
  settings: PushSettings | null | undefined;
  /** Whether each message has a verdict that is one, and the settings keep their rules. */
  isWhole: boolean;
}

const NO_VERDICT: PushVerdict = {
  verb: "retry",
  error: { name: "Error", message: "The consumer has answered without a verdict on this message." },
};

/** One verdict for each message, made of known fields alone: a verdict becomes a command of the queue. */
export function checkedOutcome(answered: unknown, messages: number): CheckedOutcome {
  const { verdicts: listed, settings: given } = isFields(answered) ? answered : {};
  const entries: readonly unknown[] = Array.isArray(listed) ? listed : [];
  const known = Array.from({ length: messages }, (_, index) => verdictIn(entries[index]));
  const verdicts = known.map((verdict) => verdict ?? NO_VERDICT);
  const settings = settingsOrNothing(given);
  return { verdicts, settings, isWhole: settings !== undefined && !known.includes(undefined) };
}

/**
 * The settings of a consumer; null if it has none.
 *
 * @throws {RangeError} if they break their rules
 */
export function checkedSettings(settings: unknown): PushSettings | null {
  if (settings === null) return null;
  if (!isFields(settings)) throw new RangeError("The consumer has answered without settings.");
  return pushSettingsOf(settings, "settings");
}

function settingsOrNothing(given: unknown): PushSettings | null | undefined {
  try {
    return checkedSettings(given);
  } catch {
    return undefined;
  }
}

/** Undefined for what is no verdict. */
function verdictIn(given: unknown): PushVerdict | undefined {
  const { verb, result, delayMs, error } = isFields(given) ? given : {};
  if (verb === "ack") {
    if (result === undefined) return { verb };
    return isResult(result) ? { verb, result } : undefined;
  }
  // What a task or a handler throws may be a text.
  if (verb === "reject") return { verb, ...errorOrTextIn(error) };
  if (verb === "retry") return { verb, ...delayIn(delayMs), ...errorOrTextIn(error) };
  return verb === "release" ? { verb, ...delayIn(delayMs) } : undefined;
}

function errorOrTextIn(error: unknown): ReturnType<typeof errorIn> | { error: string } {
  const parts = errorIn(error);
  return typeof error === "string" && parts.error !== undefined ? { error: parts.error.message } : parts;
}

function isResult(text: unknown): text is string {
  if (typeof text !== "string" || utf8Bytes(text) > RESULT_BYTES_MAX) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
