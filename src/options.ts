import type { IsolateState } from "./isolate.ts";
import { type Log, logToConsole } from "./log.ts";

/** One server: what its handler and its objects share. Each call of `durableQueue` makes one. */
export interface Server {
  readonly isolate: IsolateState;
  readonly log: Log;
}

/** The server of one call of `durableQueue`. */
export function serverOf(isolate: IsolateState): Server {
  return { isolate, log: logToConsole };
}
