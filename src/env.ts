/** What the Worker is given: its bindings and variables, see wrangler.toml. */
import type { DirectoryCalls } from "./api/directory-calls.ts";
import type { QueueCalls } from "./api/object-calls.ts";
import type { ConsumersCalls } from "./api/push.ts";
import { DIRECTORY_CLASS, type Found, findConsumers, findNamespace, QUEUE_CLASS } from "./namespaces.ts";
import type { Server } from "./options.ts";

export interface Env {
  /** One object per queue, by the queue's name. */
  QUEUE: DurableObjectNamespace;
  /** One object that holds the names of all queues. */
  DIRECTORY: DurableObjectNamespace<DirectoryCalls>;
  /** A secret key that grants everything. While neither this nor `AUTHKEYS` is set, every request is refused. */
  AUTHKEY?: string | null | undefined;
  /** Further keys, as JSON: the hash of each, what it grants, for which queues, until when. `durable-queue keys new` makes one. */
  AUTHKEYS?: string | null | undefined;
  /**
   * Puts are refused while a queue's database is larger: a whole number of bytes, in digits. While it is anything else,
   * every request is refused. Default 900,000,000.
   */
  STORAGE_BYTES_MAX?: string | null | undefined;
  /** `true` lets webhooks have private addresses and plain HTTP, as `webhooks.allowPrivate` of `durableQueue()` does. */
  ALLOW_PRIVATE_WEBHOOKS?: string | null | undefined;
  /** Only on a local server: a way out that reaches private addresses too. */
  ANY_NETWORK?: Fetcher | undefined;
  /** Only on a local server: `GET http://status/disk-nearly-full` is answered 200 while the disk is nearly full, else 404. */
  HOST_STATUS?: Fetcher | undefined;
}

/** What a server needs of the context of an event or an object: the classes that its Worker exports. */
export interface ExportsContext {
  /** None in a Worker with an old compatibility date. */
  readonly exports?: unknown;
}

/** What a request, or an object, of a server is given: the bindings and variables of its Worker, and the server itself. */
export class ServerEnv<WorkerEnv extends object = object> implements Env {
  /** As the Worker has it. */
  readonly worker: WorkerEnv;
  readonly server: Server;
  readonly #variables: Partial<Env>;
  readonly #exports: object | undefined;

  /** @param ctx of the request or of the object */
  constructor(worker: WorkerEnv, ctx: ExportsContext, server: Server) {
    this.worker = worker;
    this.server = server;
    this.#variables = worker;
    this.#exports = ctx.exports as object | undefined;
  }

  /** The sentences that say which binding or export the Worker lacks; undefined if it lacks none. */
  get namespaceFault(): string | undefined {
    return this.#queue().fault ?? this.#directory().fault;
  }

  /** @throws {Error} with `namespaceFault` */
  get QUEUE(): DurableObjectNamespace {
    return namespaceIn(this.#queue());
  }

  /** @throws {Error} with `namespaceFault` */
  get DIRECTORY(): DurableObjectNamespace<DirectoryCalls> {
    return namespaceIn(this.#directory()) as unknown as DurableObjectNamespace<DirectoryCalls>;
  }

  get AUTHKEY(): string | null | undefined {
    return this.#variables.AUTHKEY;
  }

  get AUTHKEYS(): string | null | undefined {
    return this.#variables.AUTHKEYS;
  }

  get STORAGE_BYTES_MAX(): string | null | undefined {
    return this.#variables.STORAGE_BYTES_MAX || this.server.storageBytesMax;
  }

  /** Whether webhooks may have private addresses and plain HTTP. */
  get allowsPrivateWebhooks(): boolean {
    return this.#variables.ALLOW_PRIVATE_WEBHOOKS === "true" || this.server.allowsPrivateWebhooks;
  }

  get ANY_NETWORK(): Fetcher | undefined {
    return this.#variables.ANY_NETWORK;
  }

  /** Whether the server was made with consumers. */
  get mayHaveConsumers(): boolean {
    return this.server.consumers !== undefined;
  }

  /**
   * The entrypoint of the Worker's consumers.
   *
   * @throws {Error} if the Worker has none under the name that the server was given
   */
  get CONSUMERS(): ConsumersCalls {
    return findConsumers(this.server.consumers ?? "", this.worker, this.#exports);
  }

  /** The sentences that say why consumers cannot be called; undefined if they can, or if the server was made without. */
  get consumersFault(): string | undefined {
    try {
      if (this.mayHaveConsumers) void this.CONSUMERS;
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  get HOST_STATUS(): Fetcher | undefined {
    return this.#variables.HOST_STATUS;
  }

  #queue(): Found {
    return findNamespace(QUEUE_CLASS, this.server.queueBinding, this.worker, this.#exports);
  }

  #directory(): Found {
    return findNamespace(DIRECTORY_CLASS, this.server.directoryBinding, this.worker, this.#exports);
  }
}

function namespaceIn({ namespace, fault }: Found): DurableObjectNamespace {
  if (namespace === undefined) throw new Error(fault);
  return namespace;
}

/**
 * The object of one partition of a queue: today every queue has one, partition 0, which has the name of the queue. Calls
 * of objects come through here alone, so that a queue may have several.
 */
export function queueOf({ QUEUE }: Pick<Env, "QUEUE">, queue: string, partition = 0): QueueCalls {
  // The platform's type of a stub leaves out calls whose replies may hold any JSON value.
  return QUEUE.getByName(partition === 0 ? queue : `${queue}/${partition}`) as unknown as QueueCalls;
}

/** The directory is asked when a queue is created or deleted, for names that are not known, and for lists of queues. */
export function directoryOf({ DIRECTORY }: Pick<Env, "DIRECTORY">): DurableObjectStub<DirectoryCalls> {
  return DIRECTORY.getByName("directory");
}
