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
 * Sends one request, once.
 *
 * @param path as "/v1/key"
 * @param body the JSON of a POST; undefined for a GET
 * @throws {Failure} if there is no answer
 */
export async function request({ settings, signal }: Context, path: string, body?: object): Promise<Answer> {
  const { address, authkey } = settings;
  const headers: Record<string, string> = authkey === undefined ? {} : { Authorization: `Bearer ${authkey}` };
  const content = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  try {
    const response = await fetch(address.replace(/\/+$/, "") + path, {
      ...{ headers: { ...headers, "Content-Type": "application/json" }, redirect: "manual" as const },
      ...content,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    const date = new Date(response.headers.get("date") ?? "");
    return {
      status: response.status,
      fields: fieldsIn(await response.text()),
      date: Number.isNaN(date.getTime()) ? undefined : date,
    };
  } catch (error) {
    signal.throwIfAborted();
    throw new Failure(`${address} cannot be reached (${reasonOf(error)}).`, "unavailable");
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
