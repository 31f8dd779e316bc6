import { waitUntil } from "cloudflare:workers";
import type { ByteLedger } from "../byte-ledger.ts";

/** Replies up to this size are not counted. */
const SMALL_CHARACTERS = 64 * 1024;

/** How long a client may take to read a reply, in milliseconds. After that the rest is dropped, and the connection is cut. */
const READ_MS_MAX = 60_000;

/**
 * A response with this JSON text. A large one counts against the memory of the isolate until the client has read it, or
 * has taken `READ_MS_MAX`.
 *
 * @param replyBytes counts it
 */
export function jsonResponse(json: string, status: number, replyBytes: ByteLedger): Response {
  const headers = { "Content-Type": "application/json" };
  if (json.length <= SMALL_CHARACTERS) return new Response(json, { status, headers });
  const bytes = new TextEncoder().encode(json);
  const held = replyBytes.hold(bytes.length);
  const { readable, writable } = new FixedLengthStream(bytes.length);
  // Without it the platform would drop the write, and never release the bytes, if the client goes away.
  waitUntil(write(writable, bytes).finally(() => replyBytes.release(held)));
  return new Response(readable, { status, headers });
}

/** Resolves when the client has read everything, is gone, or has taken too long. */
async function write(writable: WritableStream, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  const timer = setTimeout(() => writer.abort("The client did not read the reply."), READ_MS_MAX);
  try {
    await writer.write(bytes);
    await writer.close();
  } catch {
    // The client is gone.
  } finally {
    clearTimeout(timer);
  }
}
