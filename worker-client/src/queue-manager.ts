import { QUEUE_NAME_PATTERN } from "../../src/contract/limits.ts";
import type { ListReply } from "../../src/contract/schema.ts";
import { HttpClient } from "./http-client.ts";
import { environment } from "./platform.ts";
import { Queue } from "./queue.ts";
import { Routes } from "./routes.ts";

export interface QueueManagerOptions {
  /** Where the server is. Default: the environment's `DURABLE_QUEUE_ADDRESS`, else `http://127.0.0.1:8787`. */
  address?: string | undefined;
  /** The secret of the server. Default: the environment's `DURABLE_QUEUE_AUTHKEY`; without any, a `TypeError`. */
  authkey?: string | undefined;
  /** For how long a call is sent again while the server cannot be reached or fails. Default 60; 0 tries once. */
  retrySeconds?: number | undefined;
  /** Allows `http:` to other machines, where everybody on the way can read the authkey. Default false. */
  allowPlainHttp?: boolean | undefined;
  /**
   * How queues are reached: over a WebSocket each, and over HTTP where none can be had; or over HTTP only. Default
   * `websocket`, unless a `fetch` is given.
   */
  transport?: "websocket" | "http" | undefined;
  /** What sends HTTP requests. Default: the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** The way to the named queues of one server, as Python's `BaseManager`. */
export class QueueManager {
  readonly address: string;
  readonly #http: HttpClient;
  readonly #routes: Routes;

  constructor(options: QueueManagerOptions = {}) {
    const { address = environment("DURABLE_QUEUE_ADDRESS") ?? "http://127.0.0.1:8787" } = options;
    const { authkey = environment("DURABLE_QUEUE_AUTHKEY") } = options;
    const { retrySeconds = 60, allowPlainHttp = false } = options;
    if (authkey === undefined) {
      throw new TypeError("There is no authkey: give it as an option, or set DURABLE_QUEUE_AUTHKEY.");
    }
    if (!/^[\x21-\x7e]+$/.test(authkey)) {
      throw new TypeError("authkey must be visible ASCII without spaces.");
    }
    if (!(retrySeconds >= 0)) throw new RangeError(`retrySeconds must not be negative: ${retrySeconds}`);
    const url = urlOf(address);
    if (url.protocol === "http:" && !isLoopback(url.hostname) && !allowPlainHttp) {
      throw new TypeError(`${address} would send the authkey in the clear: use https, or say allowPlainHttp.`);
    }
    this.address = url.href.replace(/\/+$/, "");
    // Looked up at each call, so that it may be replaced, as tools for tests and tracing do.
    const fetchFunction: typeof fetch = options.fetch ?? ((...request) => fetch(...request));
    this.#http = new HttpClient(this.address, authkey, retrySeconds, fetchFunction);
    const transport = options.transport ?? (options.fetch === undefined ? "websocket" : "http");
    this.#routes = new Routes({ address: this.address, authkey, retrySeconds, transport, http: this.#http });
  }

  /**
   * A queue by its name: 1 to 128 of `A-Z a-z 0-9 . _ -`, the first a letter or a digit, else a
   * `RangeError`. Sends nothing yet.
   */
  queue<Item = unknown>(name: string): Queue<Item> {
    // URLs would resolve "." and "..", so not every bad name would come to be refused by the server.
    if (!QUEUE_NAME_PATTERN.test(name)) throw new RangeError(`This cannot be the name of a queue: ${name}`);
    return new Queue<Item>(name, this.#routes);
  }

  /** Checks that the server answers and takes the authkey. Calls do so themselves; this one does nothing else. */
  async connect({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<void> {
    await this.#http.send<ListReply>({ method: "GET", path: "/v1/queues?limit=1" }, { signal });
  }

  /** The names of all queues that begin with `prefix`, in the order of their characters. */
  async *queueNames({
    prefix = "",
    signal,
  }: {
    prefix?: string | undefined;
    signal?: AbortSignal | undefined;
  } = {}): AsyncGenerator<string> {
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query = new URLSearchParams({ prefix, cursor });
      const request = { method: "GET", path: `/v1/queues?${query}` };
      const { value }: { value: ListReply } = await this.#http.send<ListReply>(request, { signal });
      for (const { name } of value.queues) yield name;
      cursor = value.cursor;
    }
  }

  /**
   * Ends the connections. Calls that are not answered, and all later ones, throw `Closed`, and workers end with that:
   * they are to be closed before. A process ends without this: a connection on which nothing is waited for does not keep it.
   */
  async close(): Promise<void> {
    this.#routes.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function urlOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new TypeError(`address must be an http or https URL: ${address}`);
  }
  if (url.username + url.password + url.search + url.hash !== "") {
    throw new TypeError("address must have neither a user, a password, a query nor a fragment.");
  }
  return url;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.[0-9.]+$/.test(hostname);
}
