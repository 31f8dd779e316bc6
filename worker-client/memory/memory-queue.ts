import { newGeneration } from "../../src/api/forms/generation.ts";
import { infoWithoutStorage, type QueueInfo } from "../../src/api/forms/queue-info.ts";
import type { Command, Delivery, Refusal, Result } from "../../src/queue/base/commands.ts";
import type { Configuration } from "../../src/queue/base/configuration.ts";
import type { OutboundTransfer } from "../../src/queue/outbound-transfers.ts";
import { Queue } from "../../src/queue/queue.ts";
import { Rows } from "./rows.ts";

/** A subscription, to which messages are pushed. */
export interface Subscriber {
  pushed(deliveries: readonly Delivery[]): void;
  /** Leases that ended before their time. Some may be of other consumers. */
  lost(receipts: readonly string[]): void;
  /** Nothing is pushed any more. */
  ended(refusal: Refusal): void;
}

/** Is told of each change of a queue, with the receipts of leases that were ended. */
interface QueueListener {
  changed(lost: readonly string[]): void;
}

/** What a queue needs from the others beside it. */
export interface Neighbours {
  /** Sends messages of a queue to another one, and tells it the outcome. */
  transfer(from: MemoryQueue, transfer: OutboundTransfer): void;
  /** Called when something has changed, so that another time may be due. */
  changed(queue: MemoryQueue): void;
}

/** One queue in memory: the state machine, its rows, and the callers that wait for answers. */
export class MemoryQueue {
  readonly name: string;
  /** What a description has beside what the queue knows. */
  readonly info: QueueInfo;
  /** To which messages are pushed. */
  consumer: QueueListener | undefined;
  readonly #rows = new Rows();
  readonly #queue = new Queue(newGeneration(), this.#rows);
  readonly #neighbours: Neighbours;
  readonly #callers = new Map<number, (result: Result) => void>();
  readonly #subscribers = new Map<number, Subscriber>();
  #ids = 0;

  constructor(name: string, neighbours: Neighbours) {
    this.name = name;
    this.info = infoWithoutStorage(name);
    this.#neighbours = neighbours;
  }

  /** False until the first put or configuration, and after a deletion. */
  get exists(): boolean {
    return this.#queue.exists;
  }

  /** When `pass` must be called, in milliseconds: a wait is served or ends, or something expires; Infinity for never. */
  get nextAt(): number {
    return Math.min(this.#queue.nextEventAt, this.#queue.nextWakeAt);
  }

  get configuration(): Configuration {
    return this.#queue.configuration;
  }

  /** How many messages are visible or delayed. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  /** Whether a call waits for that time, and not only messages. */
  get isAwaited(): boolean {
    return this.#queue.nextEventAt < Number.POSITIVE_INFINITY;
  }

  /**
   * Takes a command.
   *
   * @param answer called once with its result, at once or when its wait is over
   * @returns its id, for `cancel`
   */
  take(command: Command, now: number, answer: (result: Result) => void): number {
    const id = this.#newId();
    this.#callers.set(id, answer);
    this.#begin(now);
    this.#queue.apply(id, command, now);
    this.#commit(now);
    return id;
  }

  /** Ends the wait of a command: it is answered as if its time were over. */
  cancel(id: number, now: number): void {
    if (this.#callers.has(id)) this.take({ verb: "cancel_wait", requestIds: [id] }, now, () => undefined);
  }

  /** Adds a subscriber, and answers with the number under which it subscribes. */
  addSubscriber(subscriber: Subscriber): number {
    const id = this.#newId();
    this.#subscribers.set(id, subscriber);
    return id;
  }

  /** Takes the credit of a subscriber back: nothing is pushed to it before it subscribes anew. */
  withdraw(id: number): void {
    this.#queue.leave(new Set(), id);
  }

  /** Forgets a subscriber. */
  removeSubscriber(id: number): void {
    this.withdraw(id);
    this.#subscribers.delete(id);
  }

  /** Ends all waits: each is answered as if its time were over. */
  cancelAll(now: number): void {
    for (const id of [...this.#callers.keys()]) this.cancel(id, now);
  }

  /** Lets time pass. */
  pass(now: number): void {
    this.#begin(now);
    this.#commit(now);
  }

  #newId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  #begin(now: number): void {
    // They are in this process, so they have heard everything.
    for (const id of this.#subscribers.keys()) this.#queue.heard(id);
    this.#queue.advance(now);
  }

  #commit(now: number): void {
    for (;;) {
      const commit = this.#queue.takeCommit();
      if (commit !== undefined) this.#rows.write(commit);
      if (!this.#queue.exists) this.#rows.clear();
      this.#answer();
      for (const transfer of this.#queue.takeOutboundTransfers(now)) {
        queueMicrotask(() => this.#neighbours.transfer(this, transfer));
      }
      if (!this.#queue.isBehind) break;
      this.#begin(now);
    }
    this.#neighbours.changed(this);
  }

  #answer(): void {
    const results = this.#queue.takeResults();
    const lost = this.#queue.takeLost();
    for (const { requestId, result } of results) {
      const subscriber = this.#subscribers.get(requestId);
      if (result.verb === "push") queueMicrotask(() => subscriber?.pushed(result.deliveries));
      else if (subscriber !== undefined && result.verb === "refused") queueMicrotask(() => subscriber.ended(result));
      else {
        const answer = this.#callers.get(requestId);
        this.#callers.delete(requestId);
        answer?.(result);
      }
    }
    this.consumer?.changed(lost);
    if (lost.length === 0) return;
    queueMicrotask(() => {
      for (const subscriber of this.#subscribers.values()) subscriber.lost(lost);
    });
  }
}
