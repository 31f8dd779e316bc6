import { createTransport } from "nodemailer";

/** How long the SMTP server may take to accept a connection, and to answer a command. */
const ANSWER_TIMEOUT_MS = 10_000;

/** A transport to the SMTP server of SMTP_URL: one connection for each mail, so that none that has become stale is used. */
export function openTransport(url = process.env.SMTP_URL ?? "smtp://127.0.0.1:2525") {
  return createTransport({
    url,
    connectionTimeout: ANSWER_TIMEOUT_MS,
    greetingTimeout: ANSWER_TIMEOUT_MS,
    socketTimeout: ANSWER_TIMEOUT_MS,
  });
}

/**
 * Whether the server has refused the mail for good. SMTP says so by a reply from 500 on: the address does not exist, or the
 * mail is too large. A reply from 400 on, no connection and no answer may be different the next time.
 */
export function isRefusedForGood(error: unknown): boolean {
  const { responseCode } = error as { responseCode?: unknown };
  return typeof responseCode === "number" && responseCode >= 500 && responseCode <= 599;
}
