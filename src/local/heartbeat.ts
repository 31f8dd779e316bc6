import { get } from "node:http";

/** The time between requests, in milliseconds. */
const BEAT_MS = 5_000;

/**
 * Requests the health of a server now and then: V8 gives back memory only while its isolate runs, so an idle server needs
 * requests. The response does not matter.
 *
 * @param address as in `http://127.0.0.1:8787`
 * @returns a function that ends the requests
 */
export function beat(address: string): () => void {
  const timer = setInterval(() => {
    const request = get(`${address}/healthz`, { agent: false, timeout: BEAT_MS }, (response) => response.resume());
    request.on("error", () => undefined);
    request.on("timeout", () => request.destroy());
    // The request must not keep the process from ending.
    request.on("socket", (socket) => socket.unref());
  }, BEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}
