/** The parts of an HTTP request: its path, its headers, and the text of its body. */
import type { Context } from "hono";
import { check } from "../api/check/check.ts";
import { invalid, ProblemError } from "../api/check/problem-error.ts";
import { parsedRequest } from "../api/command-of.ts";
import { idempotencyKey, queueName } from "../api/schema/fields.ts";
import { REQUEST_BYTES_MAX } from "../contract/limits.ts";
import type { Served } from "./served.ts";

/** The queue's name in the path. */
export function queueNameOf(c: Context): string {
  return check(queueName, c.req.param("queue"), "queue");
}

/** The header `Idempotency-Key`; undefined if there is none. */
export function idempotencyKeyOf(c: Context): string | undefined {
  const key = c.req.header("Idempotency-Key");
  return key === undefined ? undefined : check(idempotencyKey, key, "Idempotency-Key");
}

/** A request's body as text, and the part of the isolate's memory that it takes until `release` is called. */
export interface Body {
  text: string;
  release(): void;
}

/**
 * Reads the body. It is parsed by the queue's object.
 *
 * A request with a `Content-Length` is read when the isolate's memory has room for it.
 *
 * @throws {ProblemError} `overloaded` if there is no room for ten seconds: nothing was parsed then; `too_large` or `invalid` for the body
 * itself
 */
export async function bodyOf(c: Context<Served>): Promise<Body> {
  const request = c.req.raw;
  const { requestBytes } = c.env.server.isolate;
  const announced = Number(request.headers.get("Content-Length") ?? 0) || 0;
  if (announced > REQUEST_BYTES_MAX) throw tooLarge();
  const held = await requestBytes.holdWhenRoom(Math.max(announced, UNANNOUNCED_BYTES));
  if (held === undefined) {
    await drain(request);
    throw new ProblemError("overloaded", OVERLOADED);
  }
  const release = () => requestBytes.release(held);
  try {
    const text = await readText(request, (bytes) => {
      if (bytes > held.bytes && !requestBytes.grow(held, bytes)) throw new ProblemError("overloaded", OVERLOADED);
    });
    // A small request is not counted while its command waits: many may wait.
    if (held.bytes <= SMALL_BYTES) release();
    return { text, release };
  } catch (error) {
    release();
    throw error;
  }
}

/** The least bytes that a request counts for: most are small, and some have no `Content-Length`. */
const UNANNOUNCED_BYTES = 4 * 1024;

/** A request up to this counts only while it is read. */
const SMALL_BYTES = 64 * 1024;

const OVERLOADED = "The server has no memory left for requests. This was not applied; try again in a moment.";

/** Reads a body that is not used: many clients do not read a response before they have sent the whole request. */
async function drain(request: Request): Promise<void> {
  if (request.body === null) return;
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > REQUEST_BYTES_MAX) return;
  }
}

function tooLarge(): ProblemError {
  return new ProblemError("too_large", `The request is too large; at most ${REQUEST_BYTES_MAX} bytes are allowed.`);
}

/** Counts the bytes as they arrive and does not trust `Content-Length`, so that no request can fill the memory. */
async function readText(request: Request, read: (bytes: number) => void): Promise<string> {
  if (request.body === null) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      if (bytes > REQUEST_BYTES_MAX) throw tooLarge();
      read(bytes);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw invalid("", "must be UTF-8");
  }
}

/**
 * The fields of a request with those of its path.
 *
 * @throws {ProblemError} `invalid` if the request has another value for one of these: it names another message
 */
export function withPlace(fields: Record<string, unknown>, place: Record<string, string>): Record<string, unknown> {
  for (const [name, value] of Object.entries(place)) {
    const isOther = Object.hasOwn(fields, name) && fields[name] !== value;
    if (isOther) throw invalid(name, "is in the path, and must not be another one in the request");
  }
  return { ...fields, ...place };
}

/**
 * The same for the text of a request. It stays text, because an object that is nested deeply cannot be passed to the
 * queue's object.
 *
 * @throws {ProblemError} also `invalid` or `too_large` for a text that is not a request
 */
export function textWithPlace(text: string, place: Record<string, string>): string {
  const value = parsedRequest(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid("", "must be an object");
  withPlace(value as Record<string, unknown>, place);
  const fields = JSON.stringify(place);
  return Object.keys(value).length === 0 ? fields : `{${fields.slice(1, -1)},${text.slice(text.indexOf("{") + 1)}`;
}
