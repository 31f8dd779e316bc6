import { randomUUID } from "node:crypto";
import { REDRIVE_MAX, REQUEST_BYTES_MAX } from "../../src/contract/limits.ts";
import type {
  AckReply,
  ConfigureRequest,
  DeleteReply,
  DoneReply,
  JoinReply,
  MessagesReply,
  MessageView as MessageViewReply,
  PurgeReply,
  PutReply,
  QueueDescription as QueueDescriptionReply,
  ReceiveReply,
  RedriveReply,
} from "../../src/contract/schema.ts";
import { Deadline, type WaitOptions } from "./deadline.ts";
import { DoneTooOften, Empty, Full, Paused, TooLarge, Unavailable, UnknownMessage, UnknownQueue } from "./errors.ts";
import type { Call, HttpTransport } from "./http-transport.ts";
import { itemOf, messageText } from "./items.ts";
import { Message } from "./message.ts";
import { type MessageState, type MessageView, viewOf } from "./message-view.ts";
import type { QueueDescription, QueueOptions } from "./queue-description.ts";

/** How long `get` may take to tell the server that the message has arrived. */
const GET_LEASE_SECONDS = 10;

const NO_MESSAGES: MessagesReply = { messages: [], cursor: null };
const NONE_LEFT: RedriveReply = { redriven: 0, left: 0 };

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

export interface RedriveOptions {
  /** Only these, at most 1,000. Default: all dead letters. */
  ids?: readonly string[] | undefined;
  /** Only the first so many. */
  max?: number | undefined;
  /** To this queue. Default: what died here stays here, what died elsewhere goes back there. */
  to?: string | undefined;
  /** Is told after each step, of at most 10,000 here or 1,000 to another queue, how many were redriven and are left. */
  progress?: ((redriven: number, left: number) => void) | undefined;
}

/**
 * A named queue. The calls of Python's `queue.Queue` under their names, and those of message queues for workers that
 * may die at any time.
 *
 * A queue exists from its first put; until then it looks like an empty one. All calls throw `Unauthorized` for a wrong
 * authkey, `Invalid` for arguments that the server refuses and `Unavailable` when the server cannot be reached for the
 * manager's `retrySeconds`.
 */
export class Queue<Item = unknown> {
  readonly name: string;
  readonly #path: string;
  readonly #transport: HttpTransport;

  /** @internal Queues come from `QueueManager.queue`. */
  constructor(name: string, transport: HttpTransport) {
    this.name = name;
    this.#path = `/v1/queues/${encodeURIComponent(name)}`;
    this.#transport = transport;
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
    const { priority, delaySeconds, at, dedupeKey, group, idempotencyKey = randomUUID(), signal } = options;
    const settings = { priority, delaySeconds, at: at && at.getTime() / 1_000, dedupeKey, group };
    const deadline = new Deadline(options);
    const messages = items.map((item) => messageText(item, settings));
    if (messages.length === 0) return [];
    const bytes = messages.reduce((sum, text) => sum + text.length, 0);
    if (bytes > REQUEST_BYTES_MAX) {
      throw new TooLarge("too_large", `The items have ${bytes} bytes; a request has at most ${REQUEST_BYTES_MAX}.`);
    }
    const text = messages.join(",");
    for (;;) {
      const timeoutSeconds = deadline.pollSeconds;
      try {
        const { value } = await this.#send<PutReply>({
          path: "/messages",
          text: `{"messages":[${text}],"timeoutSeconds":${timeoutSeconds}}`,
          waitSeconds: timeoutSeconds,
          idempotencyKey,
          signal,
        });
        return value.ids;
      } catch (error) {
        const reason = error instanceof Unavailable ? error.cause : error;
        const isWaiting = reason instanceof Full || reason instanceof Paused;
        if (!isWaiting || deadline.isOver) throw error;
      }
    }
  }

  /**
   * Takes the next item for good, once it is in this process's memory: who dies before that loses nothing. Waits for
   * one, unless `block` is false; throws `Empty` when the wait is over, `ShutDown` when nothing will come. The item stays unfinished until `taskDone`.
   */
  async get(options: WaitOptions = {}): Promise<Item> {
    const deadline = new Deadline(options);
    for (;;) {
      const { messages } = await this.#receive({ max: 1, leaseSeconds: GET_LEASE_SECONDS }, deadline, options.signal);
      const [message] = messages;
      if (message !== undefined && (await this.#take(message.receipt ?? ""))) return itemOf<Item>(message);
      if (message === undefined && deadline.isOver) throw new Empty(this.name);
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
    const deadline = new Deadline(options);
    for (;;) {
      const { messages } = await this.#receive({ max, leaseSeconds }, deadline, signal);
      if (messages.length > 0 || deadline.isOver) {
        return messages.map((message) => new Message<Item>(message, this.#path, this.#transport));
      }
    }
  }

  /**
   * Reports items that `get` took as done: what `join` waits for. Messages that were received are done by their ack.
   * Throws `DoneTooOften` when more would be done than were put.
   */
  async taskDone(count = 1): Promise<void> {
    try {
      await this.#send<DoneReply>({ path: "/done", body: { count }, idempotencyKey: randomUUID() });
    } catch (error) {
      if (error instanceof UnknownQueue)
        throw new DoneTooOften("done_too_often", "The queue does not exist, so nothing in it is unfinished.");
      throw error;
    }
  }

  /**
   * Waits until everything that was put is done. False when the wait is over before that. In a queue that does not
   * exist, or is deleted meanwhile, nothing is unfinished.
   */
  async join(options: Omit<WaitOptions, "block"> = {}): Promise<boolean> {
    const deadline = new Deadline(options);
    for (;;) {
      const timeoutSeconds = deadline.pollSeconds;
      const call = { path: "/join", body: { timeoutSeconds }, waitSeconds: timeoutSeconds, signal: options.signal };
      const { finished } = await this.#orIfUnknown(this.#send<JoinReply>(call), { finished: true });
      if (finished || deadline.isOver) return finished;
    }
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

  /** Creates the queue if need be and changes the options that are given. */
  async configure(options: QueueOptions): Promise<QueueDescription> {
    const body: ConfigureRequest = options;
    const { value } = await this.#transport.send<QueueDescriptionReply>({ method: "PUT", path: this.#path, body });
    return value;
  }

  /**
   * As in Python 3.13: from now on puts throw `ShutDown`, and so do gets and receives once nothing is left. Those who
   * wait are woken. `immediate` discards what nobody holds, and what comes back later, as if it were done.
   */
  async shutdown({ immediate = false }: { immediate?: boolean | undefined } = {}): Promise<void> {
    await this.#send<QueueDescriptionReply>({ path: "/shutdown", body: { immediate } });
  }

  /** Lets puts, or receives, or both wait until `resume`. */
  async pause({ only }: { only?: "puts" | "receives" | undefined } = {}): Promise<void> {
    await this.#send<QueueDescriptionReply>({ path: "/pause", body: { only } });
  }

  /** Ends a pause: of puts, of receives, or of both. */
  async resume({ only }: { only?: "puts" | "receives" | undefined } = {}): Promise<void> {
    await this.#send<QueueDescriptionReply>({ path: "/resume", body: { only } });
  }

  /** The configuration and all counts. Throws `UnknownQueue` if the queue does not exist. */
  async describe({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<QueueDescription> {
    const { value } = await this.#transport.send<QueueDescriptionReply>({ method: "GET", path: this.#path, signal });
    return value;
  }

  /** The messages in this state, or all, in the order of their puts. They are looked at, not taken. */
  async *messages({
    state,
    signal,
  }: {
    state?: MessageState;
    signal?: AbortSignal;
  } = {}): AsyncGenerator<MessageView<Item>> {
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query = new URLSearchParams({ ...(state === undefined ? {} : { state }), cursor });
      const call = { method: "GET", path: `${this.#path}/messages?${query}`, signal } as const;
      const page: MessagesReply = await this.#orIfUnknown(this.#transport.send<MessagesReply>(call), NO_MESSAGES);
      for (const message of page.messages) yield viewOf<Item>(message);
      cursor = page.cursor;
    }
  }

  /** Looks at one message. Throws `UnknownMessage` if it is not in the queue. */
  async look(id: string): Promise<MessageView<Item>> {
    const path = `${this.#path}/messages/${encodeURIComponent(id)}`;
    const { value } = await this.#transport.send<MessageViewReply>({ method: "GET", path });
    return viewOf<Item>(value);
  }

  /**
   * Removes one message, also while somebody holds it, whose receipt is stale then. False if it is not in the queue,
   * also because an earlier try removed it and its answer was lost.
   */
  async cancel(id: string): Promise<boolean> {
    const path = `${this.#path}/messages/${encodeURIComponent(id)}`;
    try {
      await this.#transport.send({ method: "DELETE", path });
      return true;
    } catch (error) {
      if (error instanceof UnknownMessage || error instanceof UnknownQueue) return false;
      throw error;
    }
  }

  /**
   * Gives dead letters another chance: what died here is visible again, in its place; what came here because it died in
   * another queue goes back there. Answers how many there were.
   *
   * What goes to another queue arrives there once, also when this throws `Unavailable`: it is then under way.
   */
  async redrive({ ids, max = Number.POSITIVE_INFINITY, to, progress }: RedriveOptions = {}): Promise<number> {
    let redriven = 0;
    while (redriven < max) {
      const body = {
        ids,
        to,
        ...(max === Number.POSITIVE_INFINITY ? {} : { max: Math.min(max - redriven, REDRIVE_MAX) }),
      };
      // Said again after a lost answer, "the first so many" would be the next.
      const call = { path: "/redrive", body, isRepeatable: max === Number.POSITIVE_INFINITY };
      const reply = await this.#orIfUnknown(this.#send<RedriveReply>(call), NONE_LEFT);
      redriven += reply.redriven;
      progress?.(redriven, reply.left);
      if (reply.redriven === 0 || reply.left === 0) break;
    }
    return redriven;
  }

  /**
   * Removes every message, also those that are leased, or only the dead ones, and answers how many there were. It is
   * not repeated when its answer is lost, because it could then remove what was put since: it throws `Unavailable`.
   */
  async purge({ only }: { only?: "dead" | undefined } = {}): Promise<number> {
    const { purged } = await this.#orIfUnknown(
      this.#send<PurgeReply>({ path: "/purge", body: { only }, isRepeatable: false }),
      { purged: 0 },
    );
    return purged;
  }

  /** Deletes the queue with all its messages. False if there was none. Not repeated when its answer is lost, as `purge`. */
  async delete(): Promise<boolean> {
    const call = { method: "DELETE", path: this.#path, isRepeatable: false } as const;
    const outcome = this.#transport.send<DeleteReply>(call);
    return (await this.#orIfUnknown(outcome, { deleted: false })).deleted;
  }

  /**
   * Tells the server that the message has arrived. False if its lease was over, so that it is somebody else's.
   *
   * Where nobody can say whether the server heard it, the item is kept: given out twice it may be, lost it must not.
   * For the same reason nothing interrupts this, neither a signal nor an outage.
   */
  async #take(receipt: string): Promise<boolean> {
    try {
      const call = { path: "/ack", body: { receipts: [receipt], finish: false } };
      const { value, isRepeated } = await this.#send<AckReply>(call);
      return value.acked === 1 || isRepeated;
    } catch {
      return true;
    }
  }

  async #receive(
    request: Pick<ReceiveOptions, "max" | "leaseSeconds">,
    deadline: Deadline,
    signal: AbortSignal | undefined,
  ) {
    const timeoutSeconds = deadline.pollSeconds;
    const body = { ...request, timeoutSeconds };
    const { value } = await this.#send<ReceiveReply>({ path: "/receive", body, waitSeconds: timeoutSeconds, signal });
    return value;
  }

  /** A queue that does not exist yet counts as an empty one. */
  #counts(): Promise<Pick<QueueDescription, "visible" | "delayed" | "maxSize">> {
    const outcome = this.#transport.send<QueueDescriptionReply>({ method: "GET", path: this.#path });
    return this.#orIfUnknown(outcome, { visible: 0, delayed: 0, maxSize: 0 });
  }

  async #orIfUnknown<Value, Other>(outcome: Promise<{ value: Value }>, other: Other): Promise<Value | Other> {
    try {
      return (await outcome).value;
    } catch (error) {
      if (error instanceof UnknownQueue) return other;
      throw error;
    }
  }

  #send<Reply>(call: Omit<Call, "method">) {
    return this.#transport.send<Reply>({ ...call, method: "POST", path: `${this.#path}${call.path}` });
  }
}
