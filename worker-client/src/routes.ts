import type { Route } from "./call.ts";
import type { HttpClient } from "./http-client.ts";
import { HttpRoute } from "./http-route.ts";
import { SocketRoute } from "./socket-route.ts";

export interface RoutesOptions {
  address: string;
  authkey: string;
  retrySeconds: number;
  transport: "websocket" | "http";
  http: HttpClient;
}

/** The ways of one manager to the queues of its server. */
export class Routes {
  readonly #options: RoutesOptions;
  readonly #shared = new Map<string, Route>();
  /** Those that have begun to connect, and were not closed since. */
  readonly #sockets = new Set<SocketRoute>();

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** The way to a queue that all calls share. */
  shared(queue: string): Route {
    let route = this.#shared.get(queue);
    if (route === undefined) {
      route = this.own(queue);
      this.#shared.set(queue, route);
    }
    return route;
  }

  /** A way to a queue of one's own. */
  own(queue: string): Route {
    const { address, authkey, retrySeconds, transport } = this.#options;
    const http = new HttpRoute(queue, this.#options.http);
    if (transport === "http") return http;
    const url = `${address.replace(/^http/, "ws")}/v1/queues/${encodeURIComponent(queue)}/socket`;
    const socket: SocketRoute = new SocketRoute({
      url,
      authkey,
      retrySeconds,
      http,
      opening: () => this.#sockets.add(socket),
      closed: () => this.#sockets.delete(socket),
    });
    return socket;
  }

  /** Ends all connections. */
  close(): void {
    for (const socket of [...this.#sockets]) socket.close();
    this.#shared.clear();
  }
}
