import type { Figures } from "./roles/role.ts";

/** Cloudflare's list prices on the paid plan, in dollars a million, beyond what is included in it. */
const ROW_WRITTEN = 1.0;
const WORKER_REQUEST = 0.3;
const OBJECT_REQUEST = 0.15;
/** Twenty incoming WebSocket messages are charged as one request to the object; outgoing ones are free. */
const FRAMES_PER_REQUEST = 20;

/**
 * What a million messages of a scenario would cost on Cloudflare, in dollars:
 *
 *   rows written · $1.00 + HTTP calls · ($0.30 + $0.15) + frames / 20 · $0.15, divided by the messages
 *
 * Left out: rows read (a thousandth as dear as rows written, and few), the time for which an object is in memory, which
 * depends on how steadily messages come, and the one request that opens a WebSocket.
 */
export function dollarsPerMillion({ rowsWritten = 0, httpCalls = 0, frames = 0, messages = Number.NaN }: Figures) {
  const requests = httpCalls * (WORKER_REQUEST + OBJECT_REQUEST) + (frames / FRAMES_PER_REQUEST) * OBJECT_REQUEST;
  return (rowsWritten * ROW_WRITTEN + requests) / messages;
}
