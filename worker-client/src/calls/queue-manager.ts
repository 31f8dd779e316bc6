import type { QueuesReply } from "../../../src/api/types.ts";
import { CONSUMER_NAME_CHARACTERS_MAX } from "../../../src/contract/limits.ts";
import {
  CALL_OPTIONS,
  type CallOptions,
  checkBoolean,
  checkFunction,
  checkNumber,
  checkOptions,
  type Known,
  shown,
} from "../base/check-options.ts";
import { withCaller } from "../base/errors.ts";
import { environment, processName } from "../base/platform.ts";
import { dateOrUndefined } from "../message/dates.ts";
import { HttpClient } from "../transport/http-client.ts";
import { Routes } from "../transport/routes.ts";
import { type CloseOptions, checkCloseOptions } from "../workers/work-options.ts";
import type { Worker } from "../workers/worker.ts";
import { PoolManager } from "./pool-manager.ts";
import { Queue } from "./queue.ts";
import type { ListedQueue } from "./queue-description.ts";
import { checkedQueueName } from "./queue-name.ts";

/** The options of a `QueueManager`. */
export interface QueueManagerOptions {
  /** Where the server is. Default: the environment's `DURABLE_QUEUE_ADDRESS`, else `http://127.0.0.1:8787`. */
  address?: string | undefined;
  /** The secret of the server. Default: the environment's `DURABLE_QUEUE_AUTHKEY`; without any, a `TypeError`. */
  authkey?: string | undefined;
  /** For how long a call is sent again while the server cannot be reached or fails. Default 60; 0 tries once. */
  retrySeconds?: number | undefined;
  /**
   * Allows `http:` to other machines, where the authkey can be read on the network, as between containers.
   * Default: true where the environment's `DURABLE_QUEUE_ALLOW_PLAIN_HTTP` is `1`, else false.
   */
  allowPlainHttp?: boolean | undefined;
  /**
   * How queues are reached: over a WebSocket each, and over HTTP if no WebSocket can be opened; or over HTTP only.
   * Default `websocket`, unless a `fetch` is given.
   */
  transport?: "websocket" | "http" | undefined;
  /**
   * The name that this client gives itself, which `describe` shows among the consumers: 1 to 128 visible ASCII
   * characters. Default on Node, Bun and Deno: the machine and the process, as `build-7:4211`; none in Workers.
   */
  name?: string | undefined;
  /** The function that sends HTTP requests. Default: the global `fetch`. */
  fetch?: typeof fetch | undefined;
}

/** The options of `QueueManager.queueNames` and `QueueManager.queues`. */
export interface QueueNamesOptions extends CallOptions {
  /** Only names that begin with this. Default: all. */
  prefix?: string | undefined;
}

const MANAGER_OPTIONS: Known<QueueManagerOptions> = {
  address: true,
  authkey: true,
  retrySeconds: true,
  allowPlainHttp: true,
  transport: true,
  name: true,
  fetch: true,
};
const NAMES_OPTIONS: Known<QueueNamesOptions> = { prefix: true, ...CALL_OPTIONS };

/** Gives access to the named queues of one server, as Python's `BaseManager` does. */
export class QueueManager extends PoolManager {
  readonly address: string;
  readonly #http: HttpClient;
  readonly #routes: Routes;
  readonly #workers = new Set<Worker>();
  #closing: Promise<void> | undefined;

  /** Throws a `TypeError` or a `RangeError` for wrong options, or without an authkey. Connects to nothing yet. */
  constructor(options: QueueManagerOptions = {}) {
    super();
    checkOptions("QueueManager", options, MANAGER_OPTIONS);
    const {
      address = environment("DURABLE_QUEUE_ADDRESS") ?? "http://127.0.0.1:8787",
      authkey = environment("DURABLE_QUEUE_AUTHKEY"),
      allowPlainHttp,
      retrySeconds = 60,
    } = options;
    if (authkey === undefined) {
      throw new TypeError(
        "There is no authkey: give it as an option, or set DURABLE_QUEUE_AUTHKEY (from a file: node --env-file=.env).",
      );
    }
    if (!/^[\x21-\x7e]+$/.test(authkey)) {
      throw new TypeError("authkey must be visible ASCII without spaces.");
    }
    checkBoolean("allowPlainHttp", allowPlainHttp);
    checkNumber("retrySeconds", retrySeconds, { min: 0 });
    if (options.fetch !== undefined) checkFunction("fetch", options.fetch);
    const url = urlOf(address);
    if (url.protocol === "http:" && !isLoopback(url.hostname) && !mayBePlain(allowPlainHttp)) {
      throw new TypeError(
        `${address} would send the authkey in the clear: use https, or set allowPlainHttp (DURABLE_QUEUE_ALLOW_PLAIN_HTTP=1).`,
      );
    }
    this.address = url.href.replace(/\/+$/, "");
    // Looked up at each call, so that it may be replaced, as tools for tests and tracing do.
    const fetchFunction: typeof fetch = options.fetch ?? ((...request) => fetch(...request));
    this.#http = new HttpClient(this.address, authkey, retrySeconds, fetchFunction);
    const transport = options.transport ?? (options.fetch === undefined ? "websocket" : "http");
    if (transport !== "websocket" && transport !== "http") {
      throw new TypeError(`transport must be "websocket" or "http", not ${shown(transport)}.`);
    }
    const name = checkedName(options.name) ?? processName(CONSUMER_NAME_CHARACTERS_MAX);
    this.#routes = new Routes({ address: this.address, authkey, retrySeconds, transport, name, http: this.#http });
  }

  /**
   * A queue by its name: 1 to 128 of `A-Z a-z 0-9 . _ -`, the first a letter or a digit, else a
   * `RangeError`. Sends nothing yet.
   */
  override queue<Item = unknown>(name: string): Queue<Item> {
    return new Queue<Item>(checkedQueueName(name), this.#routes, this.#workers);
  }

  /**
   * Checks that the server answers and takes the authkey, whatever that grants. Calls do so themselves; this one does
   * nothing else.
   */
  async connect(options: CallOptions = {}): Promise<void> {
    checkOptions("connect()", options, CALL_OPTIONS);
    await this.#get("/v1/key", options);
  }

  /** The names of all queues that begin with `prefix`, in the order of their characters. */
  async *queueNames(options: QueueNamesOptions = {}): AsyncGenerator<string> {
    checkOptions("queueNames()", options, NAMES_OPTIONS);
    for await (const { name } of this.#list(options)) yield name;
  }

  /**
   * The queues whose names begin with `prefix`, in the order of their characters, with the counts that each has last
   * reported, about once a minute while it is in use. Wakes none of them: `describe` of a queue has what is so now.
   */
  async *queues(options: QueueNamesOptions = {}): AsyncGenerator<ListedQueue> {
    checkOptions("queues()", options, NAMES_OPTIONS);
    for await (const { name, counts, oldestAt, countedAt } of this.#list(options)) {
      yield { name, counts, oldestAt: dateOrUndefined(oldestAt), countedAt: dateOrUndefined(countedAt) };
    }
  }

  async *#list({ prefix = "", ...call }: QueueNamesOptions): AsyncGenerator<QueuesReply["queues"][number]> {
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query = String(new URLSearchParams({ prefix, cursor }));
      const page: QueuesReply = await this.#get(`/v1/queues?${query}`, call);
      yield* page.queues;
      cursor = page.cursor;
    }
  }

  async #get<Value>(path: string, options: CallOptions): Promise<Value> {
    try {
      return (await this.#http.send<Value>({ method: "GET", path }, options)).value;
    } catch (error) {
      throw withCaller(error);
    }
  }

  /**
   * Closes its workers as `Worker.close` does, then the connections. Calls that are not answered by then, and those
   * that are made later, throw `Closed`. A process ends without this: a connection on which nothing is waited for does
   * not keep it. A handler must not await it.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkCloseOptions(options);
    // An error that ends a worker rejects its `finished`.
    const closed = Promise.allSettled([...this.#workers].map((worker) => worker.close(options)));
    this.#closing ??= closed.then(() => this.#http.settled()).then(() => this.#routes.close());
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Throws a `TypeError` for a name that is no text, and a `RangeError` for one that breaks the rule. */
function checkedName(name: unknown): string | undefined {
  if (name === undefined) return undefined;
  const rule = `name must be 1 to ${CONSUMER_NAME_CHARACTERS_MAX} visible ASCII characters`;
  if (typeof name !== "string") throw new TypeError(`${rule}, not ${shown(name)}.`);
  if (name.length > CONSUMER_NAME_CHARACTERS_MAX || !/^[\x20-\x7e]+$/.test(name)) {
    throw new RangeError(`${rule}, not ${shown(name)}.`);
  }
  return name;
}

function urlOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw new TypeError(`address must be an http or https URL, as http://127.0.0.1:8787, but is ${address}`);
  }
  if (url.username + url.password + url.search + url.hash !== "") {
    throw new TypeError("address must have neither a user, a password, a query nor a fragment.");
  }
  return url;
}

/** The variable is read only where it matters: some runtimes ask before they let a program read one. */
function mayBePlain(allowPlainHttp: boolean | undefined): boolean {
  return allowPlainHttp ?? environment("DURABLE_QUEUE_ALLOW_PLAIN_HTTP") === "1";
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.[0-9.]+$/.test(hostname);
}
