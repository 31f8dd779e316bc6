import type { BindingCalls } from "../../src/api/binding-calls.ts";
import type { QueuesReply } from "../../src/api/types.ts";
import { CALL_OPTIONS, type CallOptions, checkOptions, type Known } from "../src/base/check-options.ts";
import { withCaller } from "../src/base/errors.ts";
import { Queue } from "../src/calls/queue.ts";
import { checkedQueueName } from "../src/calls/queue-name.ts";
import { TaskManager } from "../src/calls/task-manager.ts";
import type { QueueRoutes } from "../src/transport/call.ts";
import { orAborted } from "../src/transport/polls.ts";
import { Tries, type Try } from "../src/transport/tries.ts";
import { type CloseOptions, checkCloseOptions } from "../src/workers/work-options.ts";
import type { Worker } from "../src/workers/worker.ts";
import { type Binding, BindingRoute, outcomeOf, placeOf } from "./binding-route.ts";

/** The options of `BindingManager.queueNames`. */
export interface BindingQueueNamesOptions extends CallOptions {
  /** Only names that begin with this. Default: all. */
  prefix?: string | undefined;
}

const NAMES_OPTIONS: Known<BindingQueueNamesOptions> = { prefix: true, ...CALL_OPTIONS };

/**
 * For how long a call is tried again that does not say it itself, in seconds: as long as the platform lets work go on after
 * a response, and long enough for a second try where a first one is never answered.
 */
const RETRY_SECONDS = 30;

/**
 * Queues by their names, from inside a Worker: those of its own server, or of another Worker's by service binding. Make one
 * for each event, as of `env` and `ctx`: it costs nothing, and what it waits for ends with the event.
 */
export class BindingManager extends TaskManager {
  readonly #binding: Binding;
  readonly #routes: QueueRoutes;
  readonly #workers = new Set<Worker>();
  #closing: Promise<void> | undefined;

  /**
   * @internal Managers come from `of` of a server, and from `fromService`.
   *
   * @param address what is called, for messages
   * @param waitUntil lets work go on when its caller has left
   */
  constructor(calls: BindingCalls, address: string, waitUntil: Binding["waitUntil"]) {
    super();
    this.#binding = { calls, address, tries: new Tries(RETRY_SECONDS), waitUntil };
    const route = (queue: string) => new BindingRoute(queue, this.#binding);
    this.#routes = { shared: route, own: route };
  }

  /**
   * A queue by its name: 1 to 128 of `A-Z a-z 0-9 . _ -`, the first a letter or a digit, else a `RangeError`. Sends nothing
   * yet.
   */
  override queue<Item = unknown>(name: string): Queue<Item> {
    return new Queue<Item>(checkedQueueName(name), this.#routes, this.#workers);
  }

  /** The names of all queues that begin with `prefix`, in the order of their characters. */
  async *queueNames(options: BindingQueueNamesOptions = {}): AsyncGenerator<string> {
    checkOptions("queueNames()", options, NAMES_OPTIONS);
    const { prefix = "", ...call } = options;
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: QueuesReply = await this.#list({ prefix, cursor }, call);
      for (const { name } of page.queues) yield name;
      cursor = page.cursor;
    }
  }

  /**
   * Closes its workers as `Worker.close` does. Calls that are not answered by then, and those that are made later, throw
   * `Closed`. There is no connection that it would have to end.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkCloseOptions(options);
    // An error that ends a worker rejects its `finished`.
    const closed = Promise.allSettled([...this.#workers].map((worker) => worker.close(options)));
    this.#closing ??= closed.then(() => this.#binding.tries.close());
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #list(request: { prefix: string; cursor: string }, policy: CallOptions): Promise<QueuesReply> {
    const place = placeOf(this.#binding, undefined);
    try {
      const { value } = await this.#binding.tries.run<QueuesReply>({ place, policy }, (signal) =>
        this.#page(request, signal),
      );
      return value;
    } catch (error) {
      throw withCaller(error);
    }
  }

  async #page(request: { prefix: string; cursor: string }, signal: AbortSignal): Promise<Try<QueuesReply>> {
    try {
      const reply = await orAborted(this.#binding.calls.list(request), signal, () => undefined);
      return outcomeOf<QueuesReply>(reply, undefined, placeOf(this.#binding, undefined));
    } catch (cause) {
      return { cause, mayBeApplied: false };
    }
  }
}
