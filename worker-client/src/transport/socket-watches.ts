import type { JobReply, UnknownJobReply } from "../../../src/api/types.ts";
import type { Watches, WatchListener } from "./call.ts";
import type { SharedConnection } from "./socket-pushes.ts";

/** What the server says of jobs on a socket, for one listener. */
export class SocketWatches implements Watches {
  readonly #connection: Pick<SharedConnection, "isOnHttp">;
  #listener: WatchListener | undefined;

  constructor(connection: Pick<SharedConnection, "isOnHttp">) {
    this.#connection = connection;
  }

  get isOnHttp(): boolean {
    return this.#connection.isOnHttp;
  }

  listen(listener: WatchListener): void {
    this.#listener = listener;
  }

  /** Whether the connection is needed. */
  get isWatching(): boolean {
    return this.#listener?.isWatching ?? false;
  }

  heard(job: JobReply | UnknownJobReply): void {
    this.#listener?.heard(job);
  }

  forgotten(): void {
    this.#listener?.forgotten();
  }

  unsupported(): void {
    this.#listener?.unsupported();
  }

  ended(error: () => Error): void {
    this.#listener?.ended(error);
  }
}
