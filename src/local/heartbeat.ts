import { get } from "node:http";

/** How often the server is asked, in milliseconds. */
const BEAT_MS = 5_000;

/**
 * Asks a server for its health now and then: V8 gives back memory only while its isolate runs, so an idle server is
 * given something to do. What it answers, or that it does not, changes nothing.
 *
 * @param address as in `http://127.0.0.1:8787`
 * @returns ends it
 */
export function beat(address: string): () => void {
  const timer = setInterval(() => {
    const request = get(`${address}/healthz`, { agent: false, timeout: BEAT_MS }, (response) => response.resume());
    request.on("error", () => undefined);
    request.on("timeout", () => request.destroy());
    // A program that has nothing else to do must be able to end.
    request.on("socket", (socket) => socket.unref());
  }, BEAT_MS);
  timer.unref();
  return () => clearInterval(timer);
}
