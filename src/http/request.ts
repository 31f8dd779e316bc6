/** What an HTTP request says: its path, its headers, and its body as a JSON value. */
import type { Context } from "hono";
import { REQUEST_BYTES_MAX } from "../contract/limits.ts";
import { idempotencyKey, queueName } from "../contract/schema.ts";
import { check } from "../requests/check.ts";
import { HTTP_DEPTH, parseRequest } from "../requests/parse-json.ts";
import { ProblemError } from "../requests/problem.ts";

/** The queue's name in the path. */
export function queueNameOf(c: Context): string {
  return check(queueName, c.req.param("queue"), "queue");
}

export function idempotencyKeyOf(c: Context): string | undefined {
  const key = c.req.header("Idempotency-Key");
  return key === undefined ? undefined : check(idempotencyKey, key, "Idempotency-Key");
}

/** Reads the body as JSON. An empty body stands for `{}`. */
export async function jsonOf(c: Context): Promise<unknown> {
  const text = await readText(c.req.raw);
  try {
    return text === "" ? {} : parseRequest(text, HTTP_DEPTH);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const message = `must be JSON: ${error instanceof Error ? error.message : String(error)}`;
    throw new ProblemError("invalid", `The body ${message}`, [{ path: "", message }]);
  }
}

/** Counts the bytes that come in and not what the sender says of them, so that no request can fill the memory. */
async function readText(request: Request): Promise<string> {
  if (request.body === null) return "";
  const tooLarge = () => new ProblemError("too_large", `A request has at most ${REQUEST_BYTES_MAX} bytes.`);
  if (Number(request.headers.get("Content-Length") ?? 0) > REQUEST_BYTES_MAX) throw tooLarge();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let bytes = 0;
  try {
    for await (const chunk of request.body) {
      bytes += chunk.byteLength;
      if (bytes > REQUEST_BYTES_MAX) throw tooLarge();
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ProblemError("invalid", "The body must be UTF-8.", [{ path: "", message: "must be UTF-8" }]);
  }
}
