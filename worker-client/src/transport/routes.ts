import type { QueueRoutes, Route } from "./call.ts";
import type { HttpClient } from "./http-client.ts";
import { HttpRoute } from "./http-route.ts";
import { SocketRoute } from "./socket-route.ts";

/** How many connections may be open on which no answer is awaited. The least recently used one is closed. */
export const IDLE_LINKS_MAX = 50;

/** What all routes of a manager share. */
export interface RoutesOptions {
  address: string;
  authkey: string;
  retrySeconds: number;
  transport: "websocket" | "http";
  /** The name that the client gives itself; undefined for none. */
  name?: string | undefined;
  http: HttpClient;
}

/** The routes of one manager to the queues of its server. */
export class Routes implements QueueRoutes {
  readonly #options: RoutesOptions;
  /** The routes that calls share, for as long as they are used. */
  readonly #shared = new Map<string, WeakRef<Route>>();
  readonly #unused = new FinalizationRegistry<string>((queue) => {
    if (this.#shared.get(queue)?.deref() === undefined) this.#shared.delete(queue);
  });
  /** The routes that have begun to connect, and have not ended their connection since. */
  readonly #live = new Set<SocketRoute>();
  /** Those of them on whose connection no answer is awaited, the least recently used one first. */
  readonly #idle = new Set<SocketRoute>();
  #isClosed = false;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** The route to a queue that all its calls share. */
  shared(queue: string): Route {
    let route = this.#shared.get(queue)?.deref();
    if (route === undefined) {
      route = this.own(queue);
      this.#shared.set(queue, new WeakRef(route));
      this.#unused.register(route, queue);
    }
    return route;
  }

  /** A separate route to a queue, as each worker has. */
  own(queue: string): Route {
    const { address, authkey, retrySeconds, transport, name } = this.#options;
    const http = new HttpRoute(queue, address, this.#options.http);
    if (transport === "http") return http;
    const query = name === undefined ? "" : `?name=${encodeURIComponent(name)}`;
    const url = `${address.replace(/^http/, "ws")}/v1/queues/${encodeURIComponent(queue)}/socket${query}`;
    const socket: SocketRoute = new SocketRoute({
      target: { url, authkey, address, queue },
      retrySeconds,
      http,
      isClosed: () => this.#isClosed,
      live: (isLive) => (isLive ? this.#live.add(socket) : this.#live.delete(socket)),
      idle: (isIdle) => this.#sort(socket, isIdle),
    });
    return socket;
  }

  /** How many routes are kept, and how many connections are open or being opened. */
  get sizes(): { routes: number; connections: number } {
    return { routes: this.#shared.size, connections: this.#live.size };
  }

  /** Ends all connections. Calls that are not answered, and all later ones, throw `Closed`. */
  close(): void {
    this.#isClosed = true;
    for (const socket of [...this.#live]) socket.close();
    this.#options.http.close();
    this.#shared.clear();
  }

  #sort(socket: SocketRoute, isIdle: boolean): void {
    this.#idle.delete(socket);
    if (!isIdle) return;
    this.#idle.add(socket);
    if (this.#idle.size <= IDLE_LINKS_MAX) return;
    const [oldest] = this.#idle;
    oldest?.closeIfIdle();
  }
}
