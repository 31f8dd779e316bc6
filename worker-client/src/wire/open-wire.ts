import { isBun } from "../base/platform.ts";
import type { Opening, Target, WireEvents } from "./wire.ts";

/** Begins to open a connection with the WebSocket class of this runtime. */
export async function openWire(target: Target, events: WireEvents): Promise<Opening> {
  if (isBun()) return (await import("./web-wire.ts")).openWebWire(target, events);
  return (await import("./ws-wire.ts")).openWsWire(target, events);
}
