import { problemOf } from "../../src/api/check/problem-error.ts";
import { deliveriesJson } from "../../src/api/forms/received-json.ts";
import type { ReceivedMessage, ReplyOf, RequestOf } from "../../src/api/types.ts";
import type { Connection } from "../../src/api/verbs/base/descriptor.ts";
import { CREDIT_MAX, LEASE_SECONDS_MAX } from "../../src/contract/limits.ts";
import type { Delivery, Refusal } from "../../src/queue/base/commands.ts";
import { instant } from "../src/base/instant.ts";
import { turn } from "../src/base/platform.ts";
import { errorOf, type Place } from "../src/base/problem-errors.ts";
import { closed, type Pushes } from "../src/transport/call.ts";
import type { SubscriptionListener } from "../src/transport/subscription-listener.ts";
import type { MemoryQueue, Subscriber } from "./memory-queue.ts";
import type { MemoryServer } from "./memory-server.ts";

/** The server and the queue, for error messages. */
export function placeOf(queue: string): Place {
  return { address: "The memory of this process", queue };
}

/** Where it is noted which workers work. */
interface Holders {
  add(pushes: MemoryPushes): unknown;
  delete(pushes: MemoryPushes): unknown;
}

/** Pushes messages of a queue in this process to a worker. */
export class MemoryPushes implements Pushes, Subscriber {
  readonly isOnHttp = false;
  readonly #server: MemoryServer;
  readonly #queue: MemoryQueue;
  readonly #place: Place;
  readonly #connection: Connection;
  readonly #workers: Holders;
  readonly #held = new Set<string>();
  #listener: SubscriptionListener | undefined;
  /** How often the subscription was ended: credit that was granted before is not to be asked for later. */
  #ends = 0;

  /** @param workers the set that holds it while its worker works */
  constructor(server: MemoryServer, queue: string, workers: Holders) {
    this.#server = server;
    this.#place = placeOf(queue);
    this.#workers = workers;
    this.#queue = server.queue(queue);
    workers.add(this);
    this.#connection = { subscriber: this.#queue.addSubscriber(this), requestIdOf: () => undefined };
  }

  get queue(): string {
    return this.#queue.name;
  }

  /** The receipts of the messages that the worker holds. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  subscribe(listener: SubscriptionListener): void {
    if (this.#server.isClosed) {
      listener.ended(closed(this.#place, false));
      return;
    }
    this.#listener = listener;
    listener.connected();
  }

  /** The grant goes behind the acks of this turn, which have made the room. */
  grant(request: RequestOf<"subscribe">): boolean {
    const ends = this.#ends;
    turn(() => turn(() => ends === this.#ends && void this.#grant(request)));
    return true;
  }

  begin(receipts: readonly string[]): void {
    void this.#ask("begin", { receipts });
  }

  unsubscribe(): void {
    this.#ends += 1;
    void this.#ask("unsubscribe", {}).then(() => this.#listener?.unsubscribed());
  }

  /** What the worker was pushed and has not begun is given to others when its leases end. */
  restart(): void {
    this.#ends += 1;
    this.#listener?.disconnected();
    this.#queue.withdraw(this.#connection.subscriber);
    turn(() => this.#listener?.connected());
  }

  pushed(deliveries: readonly Delivery[]): void {
    for (const { lease } of deliveries) if (lease !== undefined) this.#held.add(lease.receipt);
    this.#listener?.pushed(JSON.parse(deliveriesJson(deliveries)) as ReceivedMessage[]);
  }

  lost(receipts: readonly string[]): void {
    this.settled(receipts);
    this.#listener?.lost(receipts);
  }

  ended({ code, detail }: Refusal): void {
    this.#listener?.ended(errorOf(problemOf(code, detail), this.#place));
  }

  /** Notes that the worker does not hold these any more. */
  settled(receipts: readonly string[]): void {
    for (const receipt of receipts) this.#held.delete(receipt);
  }

  close(): void {
    const listener = this.#listener;
    this.#listener = undefined;
    this.#workers.delete(this);
    this.#queue.removeSubscriber(this.#connection.subscriber);
    listener?.ended(closed(this.#place, false));
  }

  async #grant({ credit, leaseSeconds }: RequestOf<"subscribe">): Promise<void> {
    if (this.#listener === undefined) return;
    const sentAt = instant();
    // Virtual time may pass by hours while a handler runs for a moment.
    const seconds = this.#server.isVirtual ? LEASE_SECONDS_MAX : leaseSeconds;
    for (let left = credit; left > 0; left -= CREDIT_MAX) {
      const reply = await this.#ask("subscribe", { credit: Math.min(left, CREDIT_MAX), leaseSeconds: seconds });
      if (reply.ok) this.#listener?.granted(JSON.parse(reply.json) as ReplyOf<"subscribe">, sentAt);
      else this.#listener?.ended(errorOf(problemOf(reply.code, reply.detail), this.#place));
    }
  }

  #ask(verb: "subscribe" | "unsubscribe" | "begin", request: object) {
    return this.#server.ask(this.#queue.name, { verb, request, connection: this.#connection });
  }
}
