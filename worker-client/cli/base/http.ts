/** Calls of the HTTP interface for which the client has none: it has no calls for receipts of another process. */
import type { Context } from "./context.ts";
import { Failure } from "./exit.ts";

/** How long an answer may take, in milliseconds. */
const ANSWER_MS = 15_000;

/** An answer: its status, the fields of its JSON, and its `Date`. */
export interface Answer {
  status: number;
  fields: Record<string, unknown>;
  /** The clock of the server, if it says it, to the second. */
  date: Date | undefined;
}

/**
 * Sends one request with the key, once.
 *
 * @param path as "/v1/key"
 * @param body the JSON of a POST; undefined for a GET
 * @throws {TypeError} for an address to which the key must not be sent
 * @throws {Failure} if there is no answer
 */
export async function request(context: Context, path: string, body?: object): Promise<Answer> {
  // The client checks address and key.
  const { address } = await context.manager();
  const headers = { Authorization: `Bearer ${context.settings.authkey}`, "Content-Type": "application/json" };
  const content = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  return answerOf(context, address + path, { headers, ...content });
}

/**
 * Asks whether a server serves, without the key.
 *
 * @throws {Failure} if there is no answer
 */
export function health(context: Context): Promise<Answer> {
  return answerOf(context, `${context.settings.address.replace(/\/+$/, "")}/healthz`, {});
}

async function answerOf({ settings, signal }: Context, url: string, init: RequestInit): Promise<Answer> {
  try {
    const ending = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const response = await fetch(url, { ...init, redirect: "manual", signal: ending });
    const date = new Date(response.headers.get("date") ?? "");
    return {
      status: response.status,
      fields: fieldsIn(await response.text()),
      date: Number.isNaN(date.getTime()) ? undefined : date,
    };
  } catch (error) {
    signal.throwIfAborted();
    throw new Failure(`${settings.address} cannot be reached (${reasonOf(error)}).`, "unavailable");
  }
}

/**
 * The fields of an answer that is none of a problem.
 *
 * @throws {Failure} with the problem's code and sentence
 */
export function succeeded({ status, fields }: Answer, address: string): Record<string, unknown> {
  if (status >= 200 && status < 300) return fields;
  const { code = "unexpected", detail = `${address} answered ${status}, and not as a durable-queue server.` } = fields;
  throw new Failure(String(detail), String(code));
}

function fieldsIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The operating system's reason for a failed request, which `fetch` has as the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? error.message;
}
