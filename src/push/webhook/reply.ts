/** What a receiver says of single messages in the body of a successful answer. */
import type { PushVerdict } from "../../api/push.ts";
import { delayIn, errorIn, isFields } from "../verdicts/parts.ts";

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
      const fields = typeof entry === "string" ? { id: entry } : isFields(entry) ? entry : {};
      if (typeof fields.id === "string" && !verdicts.has(fields.id)) verdicts.set(fields.id, verdictOf(fields));
    }
  };
  note(retry, ({ delaySeconds, error }) => ({ verb: "retry", ...delayOf(delaySeconds), ...errorIn(error) }));
  note(reject, ({ error }) => ({ verb: "reject", ...errorIn(error) }));
  return ids.map((id) => verdicts.get(id) ?? { verb: "ack" });
}

function objectIn(body: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(body ?? "null");
    return isFields(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function delayOf(seconds: unknown): { delayMs?: number } {
  return delayIn(typeof seconds === "number" ? seconds * 1_000 : undefined);
}
