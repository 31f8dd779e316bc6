import { waitUntil } from "cloudflare:workers";
import { replyBytes } from "../isolate.ts";

/** Smaller replies are given to the platform as they are. */
const SMALL_CHARACTERS = 64 * 1024;

/** How long a client may take to read a reply, in milliseconds. Then the rest of it is dropped, and the connection cut. */
const READ_MS_MAX = 60_000;

/**
 * The answer with this JSON text. A large one counts in the memory of the isolate until the client has read it, or has
 * taken too long.
 */
export function jsonResponse(json: string, status: number): Response {
  const headers = { "Content-Type": "application/json" };
  if (json.length <= SMALL_CHARACTERS) return new Response(json, { status, headers });
  const bytes = new TextEncoder().encode(json);
  const held = replyBytes.hold(bytes.length);
  const { readable, writable } = new FixedLengthStream(bytes.length);
  // Otherwise the platform would drop this with a client that goes away.
  waitUntil(write(writable, bytes).finally(() => replyBytes.release(held)));
  return new Response(readable, { status, headers });
}

/** Kept when the client has read everything, is gone, or has taken too long. */
async function write(writable: WritableStream, bytes: Uint8Array): Promise<void> {
  const writer = writable.getWriter();
  const timer = setTimeout(() => writer.abort("The client did not read the reply."), READ_MS_MAX);
  try {
    await writer.write(bytes);
    await writer.close();
  } catch {
    // The client is gone, and so is what was for it.
  } finally {
    clearTimeout(timer);
  }
}
