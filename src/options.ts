import type { IsolateState } from "./isolate.ts";
import { type Log, logToConsole } from "./log.ts";

/** What a server is made with. */
export interface ServerOptions {
  /**
   * Where the server's paths begin: with `/queues` clients are given `https://…/queues` as the address. It begins with `/`
   * and does not end with it. The server answers every path below it, and no other. Default: all paths are its own.
   */
  basePath?: string | undefined;
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
  /** Empty if all paths are the server's. */
  readonly basePath: string;
  readonly queueBinding: string | undefined;
  readonly directoryBinding: string | undefined;
}

/** What a base path may be: segments that mean the same whether they are encoded or not. */
const BASE_PATH = /^(\/[A-Za-z0-9._~-]+)+$/;

/**
 * The server of one call of `durableQueue`.
 *
 * @throws {TypeError} if an option breaks its rule
 */
export function serverOf(options: ServerOptions, isolate: IsolateState): Server {
  const { basePath = "", queueBinding, directoryBinding } = options;
  if (basePath !== "" && !BASE_PATH.test(basePath))
    throw new TypeError(
      `basePath is ${JSON.stringify(basePath)}, but must be as "/queues": begin with /, not end with it, and have only A-Z a-z 0-9 . _ ~ - between. Leave it out if all paths are the server's.`,
    );
  return { isolate, log: logToConsole, basePath, queueBinding, directoryBinding };
}
