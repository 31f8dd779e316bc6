import type { ReplyOf } from "../../../src/api/types.ts";
import {
  CALL_OPTIONS,
  type CallOptions,
  checkBoolean,
  checkFunction,
  checkNumber,
  checkOptions,
  type Known,
} from "../base/check-options.ts";
import { Deadline, type WaitOptions } from "../base/deadline.ts";
import { isHeard, publish } from "../base/diagnostics.ts";
import { DoneTooOften, Empty, UnknownQueue } from "../base/errors.ts";
import { checkedKey, newKey } from "../base/idempotency-keys.ts";
import { assertNoRunner } from "../base/runner-marker.ts";
import { WorkerReports } from "../events/worker-reports.ts";
import { itemOf } from "../message/item-of.ts";
import { Lease } from "../message/lease.ts";
import { Message } from "../message/message.ts";
import { QueueCalls } from "../message/queue-calls.ts";
import type { QueueRoutes } from "../transport/call.ts";
import { PutMessages } from "../transport/put-messages.ts";
import type { Handler } from "../workers/run-handler.ts";
import type { Work } from "../workers/work.ts";
import { checkWorkOptions, type WorkOptions } from "../workers/work-options.ts";
import { Worker } from "../workers/worker.ts";
import {
  batchOptionsOf,
  jobOptionsOf,
  PUT_MANY_OPTIONS,
  PUT_OPTIONS,
  type PutManyOptions,
  type PutOptions,
} from "./put-options.ts";
import type { QueueDescription } from "./queue-description.ts";
import { QueueJobs } from "./queue-jobs.ts";

/** Where puts are published for diagnostics. */
const PUT_CHANNEL = "durable-queue:put";

/** The lease of `get`: how long it may take to confirm that the message has arrived. */
const GET_LEASE_SECONDS = 10;

/** The options of `Queue.get`. */
export interface GetOptions extends WaitOptions, CallOptions {}

/** The options of `Queue.receive`. */
export interface ReceiveOptions extends GetOptions {
  /** The most messages to receive: 1 to 1,000. Default 1. */
  max?: number | undefined;
  /** How long the leases last: 1 to 43,200. Default: what the queue is configured to, 30 at first. */
  leaseSeconds?: number | undefined;
}

/** The options of `Queue.join`. */
export interface JoinOptions extends Omit<GetOptions, "block"> {}

const JOIN_OPTIONS: Known<JoinOptions> = { timeoutSeconds: true, ...CALL_OPTIONS };
const GET_OPTIONS: Known<GetOptions> = { block: true, ...JOIN_OPTIONS };
const RECEIVE_OPTIONS: Known<ReceiveOptions> = { max: true, leaseSeconds: true, ...GET_OPTIONS };

/**
 * A named queue. The calls of Python's `queue.Queue` under their names, and those of message queues for workers that
 * may die at any time.
 *
 * A queue exists from its first put; until then it looks like an empty one. All calls throw `Unauthorized` for a wrong
 * authkey, `Invalid` for arguments that the server refuses, `Closed` after the manager was closed, and `Unavailable`
 * when the server cannot be reached: for `retrySeconds`, or until the call's own `timeoutSeconds` are over. Mistakes in
 * options are a `TypeError` or a `RangeError` that names the option, the rule and the value.
 */
export class Queue<Item = unknown> extends QueueJobs<Item> {
  readonly #routes: QueueRoutes;
  readonly #workers: Set<Worker>;

  /**
   * @internal Queues come from `QueueManager.queue`.
   *
   * @param workers the set that holds its workers while they work
   */
  constructor(name: string, routes: QueueRoutes, workers: Set<Worker>) {
    super(name, new QueueCalls(name, routes.shared(name)));
    this.#routes = routes;
    this.#workers = workers;
  }

  /**
   * Puts an item and answers with its id once it is stored. While the queue is full it waits for room, unless
   * `block` is false; throws `Full` when the wait is over, `Paused` where puts are paused, and `ShutDown`.
   */
  async put(item: Item, options: PutOptions = {}): Promise<string> {
    checkOptions("put()", options, PUT_OPTIONS);
    const [id] = await this.#putAll([item], options);
    return id as string;
  }

  /** `put` without waiting: throws `Full` if the queue is full. */
  async putNowait(item: Item, options: Omit<PutOptions, keyof WaitOptions> & CallOptions = {}): Promise<string> {
    checkOptions("putNowait()", options, PUT_OPTIONS);
    const [id] = await this.#putAll([item], { ...options, block: false });
    return id as string;
  }

  /**
   * Puts up to 1,000 items of 8 MiB together: all of them, in this order, or none. The options hold for each item;
   * `each` gives those of one. Answers with the ids in the order of the items.
   */
  async putMany(items: readonly Item[], options: PutManyOptions<Item> = {}): Promise<string[]> {
    if (!Array.isArray(items)) throw new TypeError("putMany() takes an array of items. For one item there is put().");
    checkOptions("putMany()", options, PUT_MANY_OPTIONS);
    return this.#putAll(items, options);
  }

  /** @internal `putMany` of the inputs of jobs. */
  putJobs(items: readonly Item[], options: PutManyOptions<Item>, task: string): Promise<string[]> {
    return this.#putAll(items, options, task);
  }

  #putAll(items: readonly Item[], options: PutManyOptions<Item>, task?: string): Promise<string[]> {
    const each = batchOptionsOf(items, options);
    return this.putMessages(new PutMessages(items, task === undefined ? each : jobOptionsOf(each, task)), options);
  }

  /** @internal Puts what was made into messages already. */
  async putMessages(messages: PutMessages, options: PutOptions): Promise<string[]> {
    const { signal, retrySeconds } = options;
    const deadline = deadlineOf(options);
    const idempotencyKey = options.idempotencyKey === undefined ? newKey() : checkedKey(options.idempotencyKey);
    if (messages.count === 0) return [];
    const call = { messages, deadline, idempotencyKey, signal, retrySeconds };
    const { value } = await this.calls.send<ReplyOf<"put">>("put", call);
    if (isHeard(PUT_CHANNEL)) publish(PUT_CHANNEL, { queue: this.name, count: messages.count });
    return value.ids;
  }

  /**
   * Takes the next item for good, once it is in this process's memory: a process that dies before that loses nothing.
   * Waits for one, unless `block` is false; throws `Empty` when the wait is over, `ShutDown` when nothing will come.
   * The item stays unfinished until `taskDone`.
   */
  async get(options: GetOptions = {}): Promise<Item> {
    checkOptions("get()", options, GET_OPTIONS);
    return this.#getOne(options);
  }

  /** `get` without waiting: throws `Empty` if nothing is visible. */
  async getNowait(options: CallOptions = {}): Promise<Item> {
    checkOptions("getNowait()", options, CALL_OPTIONS);
    return this.#getOne({ ...options, block: false });
  }

  async #getOne(options: GetOptions): Promise<Item> {
    const deadline = deadlineOf(options);
    for (;;) {
      const request = { max: 1, leaseSeconds: GET_LEASE_SECONDS };
      const { messages } = await this.#receive(request, deadline, options);
      const [message] = messages;
      if (message === undefined)
        throw new Empty(`No message became visible in ${this.name} in time.`, { queue: this.name });
      if (await this.#take(message.receipt ?? "")) return itemOf<Item>(message);
    }
  }

  /**
   * Receives messages under a lease: what is not acked before it ends is handed out again, so a worker that dies at
   * any time loses nothing. Waits for at least one; empty when the wait is over. Throws `ShutDown` as `get` does.
   */
  async receive(options: ReceiveOptions = {}): Promise<Message<Item>[]> {
    checkOptions("receive()", options, RECEIVE_OPTIONS);
    const { max, leaseSeconds } = options;
    const { messages, leaseSeconds: seconds = 0 } = await this.#receive(
      { max, leaseSeconds },
      deadlineOf(options),
      options,
    );
    return messages.map((message) => new Message<Item>(message, new Lease(seconds * 1_000), this.calls));
  }

  /**
   * Works through the queue: gives each message to the handler, acks it when the handler returns or its promise is
   * fulfilled, and gives it back when it throws or rejects, to be tried again after a delay. Leases are extended for as
   * long as a handler runs. Ends when it is closed, or when the queue was shut down and nothing will come any more.
   */
  work<Result>(handler: Handler<Item, Result>, options: WorkOptions = {}): Worker<Item, Result> {
    checkFunction("The handler of work()", handler);
    assertNoRunner("work()");
    refuseIsolation(options);
    checkWorkOptions(options);
    return this.startWork(() => ({ handler: handler as Handler<unknown> }), options) as Worker<Item, Result>;
  }

  /** @internal Starts a worker. */
  startWork(
    workOf: (calls: QueueCalls, reports: WorkerReports) => Work,
    options: WorkOptions,
    reports = new WorkerReports(this.name, options),
  ): Worker {
    const calls = new QueueCalls(this.name, this.#routes.own(this.name));
    const work = workOf(calls, reports);
    // Without a handler on `finished`: an error that no program waits for must show as an unhandled rejection.
    const worker: Worker = new Worker(calls, work, options, () => this.#workers.delete(worker), reports);
    this.#workers.add(worker);
    worker.start();
    return worker;
  }

  /**
   * Reports items that `get` took as done: what `join` waits for. Messages that were received are done by their ack.
   * Throws `DoneTooOften` when more would be done than were put.
   */
  async taskDone(count = 1, options: CallOptions = {}): Promise<void> {
    checkNumber("count", count, { min: 1, max: 1_000_000, isInteger: true });
    checkOptions("taskDone()", options, CALL_OPTIONS);
    try {
      await this.calls.send<ReplyOf<"done">>("done", { request: { count }, idempotencyKey: newKey(), ...options });
    } catch (error) {
      if (!(error instanceof UnknownQueue)) throw error;
      const message = `The queue ${this.name} does not exist, so nothing in it is unfinished.`;
      throw new DoneTooOften(message, { queue: this.name, cause: error });
    }
  }

  /**
   * Waits until everything that was put is done. False when the wait is over before that. In a queue that does not
   * exist, or is deleted meanwhile, nothing is unfinished.
   */
  async join(options: JoinOptions = {}): Promise<boolean> {
    checkOptions("join()", options, JOIN_OPTIONS);
    const { signal, retrySeconds } = options;
    const outcome = this.calls.send<ReplyOf<"join">>("join", { deadline: deadlineOf(options), signal, retrySeconds });
    return (await this.calls.orIfUnknown(outcome, { finished: true })).finished;
  }

  /** How many messages are visible. By the time that the caller reads it, it may have changed. */
  async qsize(options: CallOptions = {}): Promise<number> {
    const { visible } = await this.#counts("qsize()", options);
    return visible;
  }

  /** Whether no message is visible. */
  async empty(options: CallOptions = {}): Promise<boolean> {
    const { visible } = await this.#counts("empty()", options);
    return visible === 0;
  }

  /** Whether as many messages wait as `maxSize` allows. False for a queue without a bound. */
  async full(options: CallOptions = {}): Promise<boolean> {
    const { visible, delayed, maxSize } = await this.#counts("full()", options);
    return maxSize > 0 && visible + delayed >= maxSize;
  }

  /**
   * Tells the server that the message has arrived. False if its lease was over, so that it may be another consumer's.
   *
   * If it is unknown whether the server got this, the item is kept: it may be delivered twice, but must not be lost.
   * For the same reason nothing interrupts this, neither a signal nor an outage.
   */
  async #take(receipt: string): Promise<boolean> {
    try {
      const { isAcked, isRepeated } = await this.calls.ack(receipt, false);
      return isAcked || isRepeated;
    } catch {
      return true;
    }
  }

  async #receive(
    request: Pick<ReceiveOptions, "max" | "leaseSeconds">,
    deadline: Deadline,
    { signal, retrySeconds }: CallOptions,
  ): Promise<ReplyOf<"receive">> {
    const { value } = await this.calls.send<ReplyOf<"receive">>("receive", { request, deadline, signal, retrySeconds });
    return value;
  }

  /** A queue that does not exist yet counts as an empty one. */
  #counts(call: string, options: CallOptions): Promise<Pick<QueueDescription, "visible" | "delayed" | "maxSize">> {
    checkOptions(call, options, CALL_OPTIONS);
    const outcome = this.calls.send<QueueDescription>("describe", { ...options });
    return this.calls.orIfUnknown(outcome, { visible: 0, delayed: 0, maxSize: 0 });
  }
}

/** Only tasks can be loaded by another thread or process. */
function refuseIsolation(options: WorkOptions): void {
  const given = ["isolation", "processes", "maxTasksPerProcess"].find((name) => name in Object(options));
  if (given === undefined) return;
  throw new TypeError(
    `work() of a queue has no option "${given}": its handler is a function of this process. Tasks run in threads and processes: define them by defineTasks(), with { module: import.meta.url }, and give them to work() of the manager.`,
  );
}

function deadlineOf(options: WaitOptions): Deadline {
  const { block, timeoutSeconds } = options;
  checkBoolean("block", block);
  if (timeoutSeconds !== undefined && block !== false) checkNumber("timeoutSeconds", timeoutSeconds, { min: 0 });
  return new Deadline(options);
}
