import type { Grant } from "./api/keys/grant.ts";
import { storageBytesFault } from "./contract/storage-bytes.ts";
import type { IsolateState } from "./isolate.ts";
import { type Log, logOf, type ServerEvent } from "./log.ts";

/** What a server is made with. `Env` is what its Worker is given. */
export interface ServerOptions<Env extends object> {
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
  /**
   * Authorizes a request in a way of the Worker's own, before anything of it is read: answers with what is granted, with
   * the response that refuses it, or with undefined for a request that needs a key of `AUTHKEY` or `AUTHKEYS`. If it
   * throws, the request is refused as `internal`.
   *
   * @param request as the Worker was given it; its body is read from a `clone()` of it alone
   */
  authorize?: ((request: Request, env: Env) => Authorization | Promise<Authorization>) | undefined;
  /**
   * The name of the class that extends what `consumers()` makes: the Worker's service binding of this name if it has one,
   * else its export. Default: no queue has a consumer.
   */
  consumers?: string | undefined;
  limits?: ServerLimits | undefined;
  webhooks?: WebhookOptions | undefined;
  /**
   * Takes what the operator should know, in place of the console. It is called while requests are served, so it returns
   * soon and does not wait; what it throws is in the console with the event.
   */
  onEvent?: ((event: ServerEvent) => void) | undefined;
}

type Authorization = Grant | Response | undefined;

/** Bounds of a server. */
interface ServerLimits {
  /**
   * Puts are refused while a queue's database is larger: a whole number of bytes, at least 1. The variable
   * `STORAGE_BYTES_MAX` wins over it. Default 900,000,000.
   */
  storageBytesMax?: number | undefined;
}

/** What webhooks of queues may be. */
interface WebhookOptions {
  /**
   * Whether the URL of a webhook may have a private, local or reserved address, and begin with `http://`. A key with the
   * scope `admin` can then make the server send requests there. The variable `ALLOW_PRIVATE_WEBHOOKS=true` allows it too.
   * Default false.
   */
  allowPrivate?: boolean | undefined;
}

/** One server: what its handler and its objects share. Each call of `durableQueue` makes one. */
export interface Server {
  readonly isolate: IsolateState;
  readonly log: Log;
  /** Empty if all paths are the server's. */
  readonly basePath: string;
  readonly authorize: ((request: Request, env: object) => unknown) | undefined;
  readonly queueBinding: string | undefined;
  readonly directoryBinding: string | undefined;
  readonly consumers: string | undefined;
  /** In the form of the variable `STORAGE_BYTES_MAX`, which wins over it. */
  readonly storageBytesMax: string | undefined;
  readonly allowsPrivateWebhooks: boolean;
}

/** What a base path may be: segments that mean the same whether they are encoded or not. */
const BASE_PATH = /^(\/[A-Za-z0-9._~-]+)+$/;

const OPTIONS: Record<keyof ServerOptions<object>, true> = {
  basePath: true,
  queueBinding: true,
  directoryBinding: true,
  authorize: true,
  consumers: true,
  limits: true,
  webhooks: true,
  onEvent: true,
};

/** Refuses an option that there is not: programs in JavaScript would wait for what it should do. */
function checkNames(options: object): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTIONS, name));
  if (unknown !== undefined)
    throw new TypeError(
      `durableQueue() has no option ${JSON.stringify(unknown)}. It has ${Object.keys(OPTIONS).join(", ")}.`,
    );
}

function checkConsumers(consumers: unknown): void {
  if (consumers === undefined || (typeof consumers === "string" && consumers !== "")) return;
  const end = typeof consumers === "function" ? ", not the class itself." : ".";
  throw new TypeError(`consumers must be the name of the class that extends consumers({ … }), as "Consumers"${end}`);
}

/**
 * The server of one call of `durableQueue`.
 *
 * @throws {TypeError} if an option breaks its rule
 */
export function serverOf<Env extends object>(options: ServerOptions<Env>, isolate: IsolateState): Server {
  const { basePath = "", queueBinding, directoryBinding, consumers, authorize, limits, webhooks, onEvent } = options;
  checkNames(options);
  checkConsumers(consumers);
  if (basePath !== "" && !BASE_PATH.test(basePath))
    throw new TypeError(
      `basePath is ${JSON.stringify(basePath)}, but must be as "/queues": begin with /, not end with it, and have only A-Z a-z 0-9 . _ ~ - between. Leave it out if all paths are the server's.`,
    );
  const storageBytesMax = limits?.storageBytesMax?.toString();
  if (storageBytesFault(storageBytesMax) !== undefined)
    throw new TypeError(
      `limits.storageBytesMax is ${storageBytesMax}, but must be a whole number of bytes, at least 1. Leave it out for the default.`,
    );
  const allowsPrivateWebhooks = webhooks?.allowPrivate ?? false;
  if (typeof allowsPrivateWebhooks !== "boolean")
    throw new TypeError("webhooks.allowPrivate must be true or false. Leave it out for false.");
  return {
    allowsPrivateWebhooks,
    ...{ isolate, log: logOf(onEvent), basePath, queueBinding, directoryBinding, consumers, storageBytesMax },
    // The handler of the server is given what its Worker is.
    authorize: authorize && ((request, env) => authorize(request, env as Env)),
  };
}
