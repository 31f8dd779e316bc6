import type { DoneReply, JoinReply, PutReply, ReceivedMessage, ReceiveReply } from "../../src/contract/schema.ts";
import { Deadline, type WaitOptions } from "./deadline.ts";
import { DoneTooOften, Empty, UnknownQueue } from "./errors.ts";
import { itemOf } from "./items.ts";
import { checkedKey, newKey } from "./keys.ts";
import { Message } from "./message.ts";
import { OperatedQueue } from "./operated-queue.ts";
import { Outgoing } from "./outgoing.ts";
import { QueueCalls } from "./queue-calls.ts";
import type { QueueDescription } from "./queue-description.ts";
import type { Routes } from "./routes.ts";
import { type Handler, Worker, type WorkOptions } from "./worker.ts";

/** How long `get` may take to tell the server that the message has arrived. */
const GET_LEASE_SECONDS = 10;

export interface PutOptions extends WaitOptions {
  /** 0 to 255, lowest first. Default 100. It decides the order only in a priority queue. */
  priority?: number | undefined;
  /** The message is not visible before this time has passed. Default 0, at most 366 days. */
  delaySeconds?: number | undefined;
  /** The message is not visible before this time: at most 366 days from now. Not together with `delaySeconds`. */
  at?: Date | undefined;
  /**
   * Within the queue's `dedupeSeconds` after an item with this key, others with it are not stored; they are answered
   * with that one's id. At most 255 visible ASCII characters.
   */
  dedupeKey?: string | undefined;
  /**
   * What belongs together: at most `maxLeasedPerGroup` messages of a group are leased at the same time, in the order of
   * their puts, and groups take turns. At most 128 visible ASCII characters. Default: in no group.
   */
  group?: string | undefined;
  /** Puts under one key within 300 seconds are one put. Default: a new one for each call, for its own repetitions. */
  idempotencyKey?: string | undefined;
}

export interface ReceiveOptions extends WaitOptions {
  /** The most messages to receive: 1 to 1,000. Default 1. */
  max?: number | undefined;
  /** How long the messages are this worker's: 1 to 43,200. Default: what the queue is configured to, 30 at first. */
  leaseSeconds?: number | undefined;
}

/**
 * A named queue. The calls of Python's `queue.Queue` under their names, and those of message queues for workers that
 * may die at any time.
 *
 * A queue exists from its first put; until then it looks like an empty one. All calls throw `Unauthorized` for a wrong
 * authkey, `Invalid` for arguments that the server refuses and `Unavailable` when the server cannot be reached for the
 * manager's `retrySeconds`.
 */
export class Queue<Item = unknown> extends OperatedQueue<Item> {
  readonly #routes: Routes;

  /** @internal Queues come from `QueueManager.queue`. */
  constructor(name: string, routes: Routes) {
    super(name, new QueueCalls(routes.shared(name)));
    this.#routes = routes;
  }

  /**
   * Puts an item and answers with its id once it is stored. While the queue is full it waits for room, unless
   * `block` is false; throws `Full` when the wait is over, `Paused` where puts are paused, and `ShutDown`.
   */
  async put(item: Item, options: PutOptions = {}): Promise<string> {
    const [id] = await this.putMany([item], options);
    return id as string;
  }

  /** `put` without waiting: throws `Full` if the queue is full. */
  putNowait(
    item: Item,
    options: Omit<PutOptions, keyof WaitOptions> & { signal?: AbortSignal | undefined } = {},
  ): Promise<string> {
    return this.put(item, { ...options, block: false });
  }

  /** Puts up to 1,000 items of 8 MiB together: all of them, in this order, or none. The options hold for each. */
  async putMany(items: readonly Item[], options: PutOptions = {}): Promise<string[]> {
    const { priority, delaySeconds, at, dedupeKey, group, signal } = options;
    const idempotencyKey = options.idempotencyKey === undefined ? newKey() : checkedKey(options.idempotencyKey);
    const settings = { priority, delaySeconds, at: at && at.getTime() / 1_000, dedupeKey, group };
    const deadline = new Deadline(options);
    const messages = new Outgoing(items, settings);
    if (messages.count === 0) return [];
    const { value } = await this.calls.send<PutReply>("put", { messages, deadline, idempotencyKey, signal });
    return value.ids;
  }

  /**
   * Takes the next item for good, once it is in this process's memory: who dies before that loses nothing. Waits for
   * one, unless `block` is false; throws `Empty` when the wait is over, `ShutDown` when nothing will come. The item stays unfinished until `taskDone`.
   */
  async get(options: WaitOptions = {}): Promise<Item> {
    const { signal } = options;
    const deadline = new Deadline(options);
    for (;;) {
      const [message] = await this.#receive({ max: 1, leaseSeconds: GET_LEASE_SECONDS }, deadline, signal);
      if (message === undefined) {
        throw new Empty(`No message became visible in ${this.name} in time.`, { queue: this.name });
      }
      if (await this.#take(message.receipt ?? "")) return itemOf<Item>(message);
    }
  }

  /** `get` without waiting: throws `Empty` if nothing is visible. */
  getNowait({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<Item> {
    return this.get({ block: false, signal });
  }

  /**
   * Receives messages under a lease: what is not acked before it ends is handed out again, so a worker that dies at
   * any time loses nothing. Waits for at least one; empty when the wait is over. Throws `ShutDown` as `get` does.
   */
  async receive(options: ReceiveOptions = {}): Promise<Message<Item>[]> {
    const { max, leaseSeconds, signal } = options;
    const received = await this.#receive({ max, leaseSeconds }, new Deadline(options), signal);
    return received.map((message) => new Message<Item>(message, this.calls));
  }

  /**
   * Works through the queue: gives each message to the handler, acks it when the handler's promise is kept, and gives
   * it back when that is broken. Leases are extended for as long as a handler runs. Ends when it is closed, or when the
   * queue was shut down and nothing will come any more.
   */
  work(handler: Handler<Item>, options: WorkOptions = {}): Worker {
    return new Worker(this.#routes.own(this.name), handler as Handler<unknown>, options);
  }

  /**
   * Reports items that `get` took as done: what `join` waits for. Messages that were received are done by their ack.
   * Throws `DoneTooOften` when more would be done than were put.
   */
  async taskDone(count = 1): Promise<void> {
    try {
      await this.calls.send<DoneReply>("done", { request: { count }, idempotencyKey: newKey() });
    } catch (error) {
      if (error instanceof UnknownQueue)
        throw new DoneTooOften(`${error.message} Nothing in it is unfinished.`, { queue: this.name });
      throw error;
    }
  }

  /**
   * Waits until everything that was put is done. False when the wait is over before that. In a queue that does not
   * exist, or is deleted meanwhile, nothing is unfinished.
   */
  async join(options: Omit<WaitOptions, "block"> = {}): Promise<boolean> {
    const deadline = new Deadline(options);
    const outcome = this.calls.send<JoinReply>("join", { deadline, signal: options.signal });
    return (await this.calls.orIfUnknown(outcome, { finished: true })).finished;
  }

  /** How many messages are visible. By the time that the caller reads it, it may have changed. */
  async qsize(): Promise<number> {
    const { visible } = await this.#counts();
    return visible;
  }

  /** Whether no message is visible. */
  async empty(): Promise<boolean> {
    return (await this.qsize()) === 0;
  }

  /** Whether as many messages wait as `maxSize` allows. False for a queue without a bound. */
  async full(): Promise<boolean> {
    const { visible, delayed, maxSize } = await this.#counts();
    return maxSize > 0 && visible + delayed >= maxSize;
  }

  /**
   * Tells the server that the message has arrived. False if its lease was over, so that it is somebody else's.
   *
   * Where nobody can say whether the server heard it, the item is kept: given out twice it may be, lost it must not.
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
    signal: AbortSignal | undefined,
  ): Promise<ReceivedMessage[]> {
    const { value } = await this.calls.send<ReceiveReply>("receive", { request, deadline, signal });
    return value.messages;
  }

  /** A queue that does not exist yet counts as an empty one. */
  #counts(): Promise<Pick<QueueDescription, "visible" | "delayed" | "maxSize">> {
    return this.calls.orIfUnknown(this.calls.send<QueueDescription>("inspect"), { visible: 0, delayed: 0, maxSize: 0 });
  }
}
