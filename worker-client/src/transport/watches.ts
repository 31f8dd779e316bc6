import type { JobReply, UnknownJobReply } from "../../../src/api/types.ts";

/** What the server says of jobs by itself, on the connection of a route. */
export interface Watches {
  /** Whether no socket can be opened for the time being, so that jobs must be asked for. */
  readonly isOnHttp: boolean;
  /** Sets the one that is told. */
  listen(listener: WatchListener): void;
}

/** Is told of the jobs that were watched by the verb `watch`. */
export interface WatchListener {
  /** Whether there are any: the connection is kept for them, and the process with it. */
  readonly isWatching: boolean;
  heard(job: JobReply | UnknownJobReply): void;
  /** The server watches nothing any more on this route: its memory, or the connection, is gone. */
  forgotten(): void;
  /** No socket can be opened: jobs must be asked for while the route is on HTTP. */
  unsupported(): void;
  /** The server refused, or the route was closed: nothing comes any more. */
  ended(error: () => Error): void;
}
