/** What an HTTP request says: its path, its headers, and its body as a JSON value. */
import type { Context } from "hono";
import { check } from "../api/check.ts";
import { HTTP_DEPTH, parseRequest } from "../api/parse-json.ts";
import { ProblemError } from "../api/problem-error.ts";
import { REQUEST_BYTES_MAX } from "../contract/limits.ts";
import { idempotencyKey, queueName } from "../contract/schema/fields.ts";
import { requestBytes } from "../isolate.ts";

/** The queue's name in the path. */
export function queueNameOf(c: Context): string {
  return check(queueName, c.req.param("queue"), "queue");
}

export function idempotencyKeyOf(c: Context): string | undefined {
  const key = c.req.header("Idempotency-Key");
  return key === undefined ? undefined : check(idempotencyKey, key, "Idempotency-Key");
}

/** A request's body, and the part of the isolate's memory that it takes until `release` is called. */
export interface Body {
  value: unknown;
  release(): void;
}

/**
 * Reads the body as JSON. An empty body stands for `{}`.
 *
 * A request whose sender says how large it is is read when there is room for it in the isolate's memory.
 *
 * @throws {ProblemError} `overloaded` where there is none for ten seconds: nothing was parsed then
 */
export async function bodyOf(c: Context): Promise<Body> {
  const request = c.req.raw;
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
    // What is small is not counted while it waits: there may be many of these.
    if (held.bytes <= SMALL_BYTES) release();
    return { value: parsed(text), release };
  } catch (error) {
    release();
    throw error;
  }
}

/** What a request counts for at least: most are small, and some do not say how large they are. */
const UNANNOUNCED_BYTES = 4 * 1024;

/** A request up to this counts only while it is read. */
const SMALL_BYTES = 64 * 1024;

const OVERLOADED =
  "The server holds as many requests as it has memory for. This was not applied: try again in a moment.";

/** Many clients hear no answer while they send: what is not wanted has to be taken all the same. */
async function drain(request: Request): Promise<void> {
  if (request.body === null) return;
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.byteLength;
    if (bytes > REQUEST_BYTES_MAX) return;
  }
}

function tooLarge(): ProblemError {
  return new ProblemError("too_large", `A request has at most ${REQUEST_BYTES_MAX} bytes.`);
}

function parsed(text: string): unknown {
  try {
    return text === "" ? {} : parseRequest(text, HTTP_DEPTH);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const message = `must be JSON: ${error instanceof Error ? error.message : String(error)}`;
    throw new ProblemError("invalid", `The body ${message}`, [{ path: "", message }]);
  }
}

/** Counts the bytes that come in and not what the sender says of them, so that no request can fill the memory. */
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
    throw new ProblemError("invalid", "The body must be UTF-8.", [{ path: "", message: "must be UTF-8" }]);
  }
}
