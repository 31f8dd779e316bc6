/** What the status of an answer means, and how long its receiver wants to be left alone. */

/** The most that `Retry-After` counts, in milliseconds: a receiver that asks for more is tried after an hour. */
const RETRY_AFTER_MS_MAX = 3_600_000;

/**
 * - `handled`: the receiver has taken the messages.
 * - `failed`: its handler failed on these messages. Others may go well.
 * - `faulty`: the answer is about the receiver, not about the messages.
 * - `busy`: the receiver asks to be left alone for a while, and has not looked at the messages.
 * - `gone`: nothing shall be sent to it any more.
 */
export type Meaning = "handled" | "failed" | "faulty" | "busy" | "gone";

const BUSY: ReadonlySet<number> = new Set([429, 503]);

/** Wrong place or wrong key (401, 403, 404, 405, 407, 421), a gateway without its server (408, 502, 504, 520 to 530). */
const FAULTY: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 408, 421, 502, 504]);

export function meaningOf(status: number): Meaning {
  if (status >= 200 && status < 300) return "handled";
  if (status === 410) return "gone";
  if (BUSY.has(status)) return "busy";
  const isRedirect = status >= 300 && status < 400;
  const isGateway = status >= 520 && status <= 530;
  return isRedirect || isGateway || FAULTY.has(status) ? "faulty" : "failed";
}

/**
 * How long a receiver asks to be left alone, in milliseconds, at most `RETRY_AFTER_MS_MAX`; undefined if it does not say.
 *
 * @param header `Retry-After`: seconds, or a date of HTTP (RFC 9110, section 10.2.3)
 * @param now in milliseconds since 1970
 */
export function retryAfterMsIn(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? "";
  const isDate = /^[A-Za-z]{3,9},? /.test(text);
  if (!isDate && !/^\d+(\.\d+)?$/.test(text)) return undefined;
  const ms = isDate ? Date.parse(text) - now : Number(text) * 1_000;
  if (Number.isNaN(ms)) return undefined;
  return Math.min(Math.max(0, Math.ceil(ms)), RETRY_AFTER_MS_MAX);
}
