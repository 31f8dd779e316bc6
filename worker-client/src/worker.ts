import { ERROR_CHARACTERS_MAX, RECEIPTS_MAX } from "../../src/contract/limits.ts";
import type { ExtendReply, ReceivedMessage } from "../../src/contract/schema.ts";
import type { Route } from "./call.ts";
import { type QueueError, ShutDown } from "./errors.ts";
import { Message } from "./message.ts";
import { turn, unref } from "./platform.ts";
import { QueueCalls } from "./queue-calls.ts";
import { Supply } from "./supply.ts";

/** What is done with a message. Kept: it is acked. Broken: it is given back, with the error for the next attempt. */
export type Handler<Item> = (message: Message<Item>) => Promise<unknown> | unknown;

export interface WorkOptions {
  /** How many messages are worked on at the same time: from 1. Default 1. */
  concurrency?: number | undefined;
  /**
   * How many more messages wait here, so that the next is at hand when one is done: from 0. Default: as many as
   * `concurrency`. Few where the work takes long, for others could have them; many where it is short.
   */
  prefetch?: number | undefined;
  /**
   * How long a message is this worker's when nobody hears of it any more: 1 to 43,200. Default 30. It is extended for
   * as long as the handler runs, so that it need not cover the work.
   */
  leaseSeconds?: number | undefined;
  /** Closes the worker. */
  signal?: AbortSignal | undefined;
  /** Is told of what went wrong where nobody else is: a handler's error, an ack that the server refused. */
  onError?: ((error: unknown, message: Message<unknown>) => void) | undefined;
}

/** A message that is this worker's for the time being. */
interface Held {
  readonly receipt: string;
  readonly message: Message<unknown>;
  /** When the lease is over for certain, by this machine's steady clock: counted from before the server did. */
  until: number;
}

/** Works through a queue: see `Queue.work`. */
export class Worker {
  /**
   * Kept when the worker has ended, because it was closed or the queue was shut down and is empty. Broken with the
   * error if the server refuses it, as for a wrong authkey.
   */
  readonly finished: Promise<void>;
  readonly #route: Route;
  readonly #calls: QueueCalls;
  readonly #supply: Supply;
  readonly #handler: Handler<unknown>;
  readonly #concurrency: number;
  readonly #capacity: number;
  readonly #leaseSeconds: number;
  readonly #onError: NonNullable<WorkOptions["onError"]>;
  readonly #timer: ReturnType<typeof setInterval>;
  /** Not begun, in the order in which they came. */
  readonly #waiting: Held[] = [];
  readonly #running = new Set<Held>();
  /** Worked on, and not acked yet. */
  #done: Held[] = [];
  /** Worked on, and the server is being told. */
  #finishing = 0;
  #isStopping = false;
  #end: { error: QueueError | undefined } | undefined;
  #settle = () => {};
  #fail = (_: unknown) => {};

  /** @internal Workers come from `Queue.work`. */
  constructor(route: Route, handler: Handler<unknown>, options: WorkOptions) {
    const { concurrency = 1, prefetch = concurrency, leaseSeconds = 30, signal, onError = () => {} } = options;
    if (!(Number.isInteger(concurrency) && concurrency >= 1)) throw new RangeError(`concurrency: ${concurrency}`);
    if (!(Number.isInteger(prefetch) && prefetch >= 0)) throw new RangeError(`prefetch: ${prefetch}`);
    this.#route = route;
    this.#calls = new QueueCalls(route);
    this.#handler = handler;
    this.#concurrency = concurrency;
    this.#capacity = concurrency + prefetch;
    this.#leaseSeconds = leaseSeconds;
    this.#onError = onError;
    this.#timer = setInterval(() => void this.#extend(), (leaseSeconds * 1_000) / 3);
    unref(this.#timer);
    this.finished = new Promise((settle, fail) => {
      this.#settle = settle;
      this.#fail = fail;
    });
    this.#supply = new Supply(route, this, leaseSeconds);
    this.#supply.start();
    if (signal?.aborted) void this.close();
    signal?.addEventListener("abort", () => void this.close(), { once: true });
  }

  /** Takes nothing more, gives back what it has not begun, and waits for the handlers that run. As `finished`. */
  close(): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      this.#supply.stop();
    }
    return this.finished;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  get room(): number {
    return this.#capacity - this.#waiting.length - this.#running.size;
  }

  /** @internal */
  take(messages: ReceivedMessage[]): void {
    const until = performance.now() + this.#leaseSeconds * 1_000;
    for (const received of messages) {
      const message = new Message<unknown>(received, this.#calls);
      this.#waiting.push({ receipt: received.receipt ?? "", message, until });
    }
    this.#startNext();
  }

  /** @internal */
  ended(error: QueueError | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    this.#isStopping = true;
    const receipts = this.#waiting.splice(0).map(({ receipt }) => receipt);
    for (let begin = 0; begin < receipts.length; begin += RECEIPTS_MAX) {
      const request = { receipts: receipts.slice(begin, begin + RECEIPTS_MAX), begun: false };
      this.#tell(this.#calls.send("retry", { request }));
    }
    this.#endIfDone();
  }

  #startNext(): void {
    while (this.#running.size < this.#concurrency && !this.#isStopping) {
      const held = this.#waiting.shift();
      if (held === undefined) break;
      // Whoever has slept through a lease must not begin what is somebody else's by now.
      if (performance.now() < held.until) void this.#work(held);
    }
  }

  async #work(held: Held): Promise<void> {
    const { message } = held;
    this.#running.add(held);
    try {
      await this.#handler(message);
      if (!message.isSettled) this.#finish(held);
    } catch (error) {
      this.#onError(error, message);
      if (!message.isSettled) this.#tell(message.retry({ error: textOf(error) }), message);
    }
    this.#running.delete(held);
    this.#startNext();
    this.#supply.roomMade(this.#waiting.length === 0, this.#capacity);
    this.#endIfDone();
  }

  /** Acks a message, with all others that are done in the same turn of the event loop. */
  #finish(held: Held): void {
    held.message.settle();
    if (this.#done.length === 0) {
      this.#finishing += 1;
      turn(() => this.#ackDone());
    }
    this.#done.push(held);
  }

  #ackDone(): void {
    const done = this.#done.splice(0);
    for (let begin = 0; begin < done.length; begin += RECEIPTS_MAX) {
      const some = done.slice(begin, begin + RECEIPTS_MAX);
      const receipts = some.map(({ receipt }) => receipt);
      this.#tell(this.#calls.send("ack", { request: { receipts } }), ...some.map(({ message }) => message));
    }
    this.#finishing -= 1;
  }

  /** Waits for what the server is told. Where it cannot be, the message comes back when its lease ends. */
  #tell(telling: Promise<unknown>, ...messages: Message<unknown>[]): void {
    this.#finishing += 1;
    telling
      .catch((error: unknown) => {
        for (const message of messages) this.#onError(error, message);
      })
      .finally(() => {
        this.#finishing -= 1;
        this.#endIfDone();
      });
  }

  #endIfDone(): void {
    if (this.#end === undefined || this.#running.size + this.#finishing > 0) return;
    clearInterval(this.#timer);
    this.#route.close();
    const { error } = this.#end;
    if (error === undefined || error instanceof ShutDown) this.#settle();
    else this.#fail(error);
  }

  /** Keeps what is held for longer, and lets go of what is lost. */
  async #extend(): Promise<void> {
    const leaseMs = this.#leaseSeconds * 1_000;
    const now = performance.now();
    const held = [...this.#running, ...this.#waiting].filter(
      ({ message, until }) => !message.isSettled && until - now < leaseMs * 0.7,
    );
    for (let begin = 0; begin < held.length; begin += RECEIPTS_MAX) {
      await this.#extendSome(held.slice(begin, begin + RECEIPTS_MAX));
    }
  }

  async #extendSome(held: Held[]): Promise<void> {
    const sentAt = performance.now();
    const request = { receipts: held.map(({ receipt }) => receipt), leaseSeconds: this.#leaseSeconds };
    try {
      const { value } = await this.#calls.send<ExtendReply>("extend", { request });
      const stale = new Set(value.stale);
      for (const each of held) {
        if (stale.has(each.receipt)) this.#lose(each);
        else each.until = sentAt + this.#leaseSeconds * 1_000;
      }
    } catch {
      // Without an answer the leases end when they end.
    }
  }

  #lose(held: Held): void {
    const place = this.#waiting.indexOf(held);
    if (place >= 0) this.#waiting.splice(place, 1);
    else held.message.lose();
  }
}

function textOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, ERROR_CHARACTERS_MAX);
}
