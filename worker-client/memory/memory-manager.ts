import type { ConsumerSet } from "../push/consumer.ts";
import { checkNumber, checkOptions, type Known, shown } from "../src/base/check-options.ts";
import { PoolManager } from "../src/calls/pool-manager.ts";
import { Queue } from "../src/calls/queue.ts";
import { checkedQueueName } from "../src/calls/queue-name.ts";

import type { QueueRoutes } from "../src/transport/call.ts";
import { type CloseOptions, checkCloseOptions } from "../src/workers/work-options.ts";
import type { Worker } from "../src/workers/worker.ts";
import { MemoryConsumer } from "./memory-consumer.ts";
import { MemoryPushes } from "./memory-pushes.ts";
import { MemoryRoute } from "./memory-route.ts";
import { MemoryServer } from "./memory-server.ts";
import { type Holder, VirtualTime } from "./virtual-time.ts";

/** The options of a `MemoryManager`. */
export interface MemoryManagerOptions {
  /** `real`: time passes by itself. `virtual`: it stands still but for `advance`, as tests need it. Default `real`. */
  time?: "real" | "virtual" | undefined;
  /** When virtual time begins. Default: the time at which the manager is made. */
  now?: Date | undefined;
}

/** The options of `MemoryManager.idle`. */
export interface IdleOptions {
  /** Ends the wait with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** The options of `MemoryManager.queueNames`. */
export interface MemoryQueueNamesOptions {
  /** Only names that begin with this. Default: all. */
  prefix?: string | undefined;
}

type Closable = Holder & { close(): unknown };

/** The longest time that passes in one call, in seconds: a century. */
const ADVANCE_SECONDS_MAX = 3_155_760_000;

const OPTIONS: Known<MemoryManagerOptions> = { time: true, now: true };
const IDLE_OPTIONS: Known<IdleOptions> = { signal: true };
const NAMES_OPTIONS: Known<MemoryQueueNamesOptions> = { prefix: true };

/**
 * Queues in the memory of this process, by their names: the queues of a server, without a server. Nothing is stored, so
 * they end with the process. For tests of producers and handlers, and for tasks of one process.
 *
 * @example
 * const memory = new MemoryManager({ time: "virtual" });
 * await memory.queue("reminders").put("call", { delaySeconds: 3_600 });
 * await memory.advance(3_600);
 */
export class MemoryManager extends PoolManager {
  readonly #server: MemoryServer;
  readonly #time: VirtualTime;
  readonly #routes: QueueRoutes;
  readonly #workers = new Set<Worker>();
  /** What hands messages to handlers, for which time waits. */
  readonly #holders = new Set<Closable>();
  readonly #consumers = new Set<Pick<MemoryConsumer, "close">>();
  #closing: Promise<void> | undefined;

  /** Throws a `TypeError` for wrong options. */
  constructor(options: MemoryManagerOptions = {}) {
    super();
    checkOptions("MemoryManager", options, OPTIONS);
    const { time = "real", now } = options;
    if (time !== "real" && time !== "virtual")
      throw new TypeError(`time must be "real" or "virtual", not ${shown(time)}.`);
    if (now !== undefined && !(now instanceof Date && Number.isFinite(now.getTime()))) {
      throw new TypeError(`now must be a valid Date, not ${shown(now)}.`);
    }
    if (now !== undefined && time === "real") throw new TypeError('now needs virtual time: give time: "virtual" too.');
    this.#server = new MemoryServer(time === "virtual" ? (now?.getTime() ?? Date.now()) : undefined);
    this.#time = new VirtualTime(this.#server, this.#holders);
    this.#routes = {
      shared: (queue) => new MemoryRoute(queue, this.#server),
      own: (queue) => new MemoryRoute(queue, this.#server, new MemoryPushes(this.#server, queue, this.#holders)),
    };
  }

  /**
   * A queue by its name: 1 to 128 of `A-Z a-z 0-9 . _ -`, the first a letter or a digit, else a `RangeError`. Every call
   * for one name means the same queue.
   */
  override queue<Item = unknown>(name: string): Queue<Item> {
    return new Queue<Item>(checkedQueueName(name), this.#routes, this.#workers);
  }

  /**
   * Lets a consumer, as `consumers()` of `durable-queue/server` takes it, handle the messages of a queue: a test of the
   * handler of a Worker, or of a webhook's. A queue has one consumer at a time.
   *
   * @param name the queue's name
   * @param env what the handler is given as its second parameter
   * @throws {TypeError} for what is no consumer, an option that there is not, or a queue that has a consumer
   * @throws {RangeError} for a name or an option that breaks its rule
   */
  consume<Env = undefined>(name: string, consumer: ConsumerSet<Env>[string], env?: Env): MemoryConsumer<Env> {
    const queue = this.#server.queue(checkedQueueName(name));
    if (queue.consumer !== undefined)
      throw new TypeError(`The queue ${name} has a consumer already. Close that one first.`);
    const consuming = new MemoryConsumer<Env>(this.#server, queue, consumer, env as Env, () => {
      queue.consumer = undefined;
      this.#holders.delete(consuming);
      this.#consumers.delete(consuming);
    });
    queue.consumer = consuming;
    this.#holders.add(consuming);
    this.#consumers.add(consuming);
    consuming.changed([]);
    return consuming;
  }

  /** The names of all queues that begin with `prefix`, in the order of their characters. */
  async *queueNames(options: MemoryQueueNamesOptions = {}): AsyncGenerator<string> {
    checkOptions("queueNames()", options, NAMES_OPTIONS);
    const { prefix = "" } = options;
    for (const name of this.#server.names) if (name.startsWith(prefix)) yield name;
  }

  /** The time of the queues: virtual, or that of the machine. */
  get now(): Date {
    return new Date(this.#server.now);
  }

  /**
   * Lets virtual time pass: what is due becomes visible, expires or is tried again at its time, in order, and workers
   * work on it. Handlers that wait only for queues and promises have ended when this resolves; for others there is
   * `idle`. A worker keeps its leases, however much time passes; those of `receive` end.
   *
   * @param seconds 0 to 3,155,760,000, a century; 0 only lets what is due happen
   */
  async advance(seconds: number): Promise<void> {
    checkNumber("seconds", seconds, { min: 0, max: ADVANCE_SECONDS_MAX });
    if (!this.#server.isVirtual) {
      throw new TypeError('advance() needs virtual time: new MemoryManager({ time: "virtual" }).');
    }
    await this.#time.advance(seconds * 1_000);
  }

  /** Waits until no handler of a worker runs, and no message is visible that one would take. */
  async idle(options: IdleOptions = {}): Promise<void> {
    checkOptions("idle()", options, IDLE_OPTIONS);
    await this.#time.idle(options.signal);
  }

  /**
   * Closes its workers as `Worker.close` does, and its consumers, then the queues: calls that wait, and those that are made later, throw
   * `Closed`. A handler must not await it.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkCloseOptions(options);
    // An error that ends a worker rejects its `finished`.
    const workers = [...this.#workers].map((worker) => worker.close(options));
    const closed = Promise.allSettled([...workers, ...[...this.#consumers].map((consumer) => consumer.close())]);
    this.#closing ??= closed.then(() => {
      this.#server.close();
      for (const holder of this.#holders) void holder.close();
    });
    await this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
