import type { IsolateState } from "./isolate.ts";
import { type Log, logToConsole } from "./log.ts";

/** What a server is made with. */
export interface ServerOptions {
  /**
   * The name of the Durable Object binding to the class `QueueObject`. Default: `QUEUE` if the Worker has such a binding,
   * else the class that the Worker exports under its own name, without a binding.
   */
  queueBinding?: string | undefined;
  /** The same for the class `DirectoryObject`, whose default is `DIRECTORY`. */
  directoryBinding?: string | undefined;
}

/** One server: what its handler and its objects share. Each call of `durableQueue` makes one. */
export interface Server {
  readonly isolate: IsolateState;
  readonly log: Log;
  readonly queueBinding: string | undefined;
  readonly directoryBinding: string | undefined;
}

/** The server of one call of `durableQueue`. */
export function serverOf({ queueBinding, directoryBinding }: ServerOptions, isolate: IsolateState): Server {
  return { isolate, log: logToConsole, queueBinding, directoryBinding };
}
