import type { PushView } from "../api/forms/queue-info.ts";
import { deliveriesJson } from "../api/forms/received-json.ts";
import type { PushBatch, PushVerdict } from "../api/push.ts";
import type { PushSettings } from "../contract/push-settings.ts";
import { utf8Bytes } from "../queue/base/bytes.ts";
import type { Command, Delivery, Result } from "../queue/base/commands.ts";
import type { Configuration } from "../queue/base/configuration.ts";
import { Breaker, TIMER_MS_MAX } from "./breaker.ts";
import { LostWatches } from "./lost-watches.ts";
import { type PumpClock, Settlements, type Submit } from "./settlements.ts";
import type { Delivered, PushTarget, TargetFault } from "./target.ts";

/** What the pump knows of its queue, after each commit batch. */
export interface PushedQueue {
  readonly exists: boolean;
  readonly configuration: Configuration;
  /** How many messages are visible or delayed. */
  readonly waiting: number;
}

/** What the pump does through the object of its queue. */
export interface PumpHost {
  readonly name: string;
  /** The size of the database, in bytes. */
  readonly storageBytes: number;
  /** Where messages are pushed to under this configuration; the same object for as long as that does not change. */
  targetOf(configuration: Configuration): PushTarget | undefined;
  /** Submits commands together. The answers come when they are stored. Returns their request ids. */
  submit: Submit;
  /** Keeps the object in memory until this has ended. */
  keepAlive(work: Promise<void>): void;
  /** Tells the operator that nothing can be delivered. */
  log(message: string): void;
}

type CancelTimer = () => void;

/** How much longer than a handler's time its messages are leased, in milliseconds: for the way there and back. */
const LEASE_MARGIN_MS = 5_000;

/** How long after a handler's time its answer is awaited, in milliseconds. It comes by itself unless what runs it is gone. */
const ANSWER_MARGIN_MS = 2_500;

/** All messages that handlers have at a time, in bytes: beyond, no further batch is taken. */
const IN_FLIGHT_BYTES_MAX = 24 * 1024 * 1024;

/** How many batches may wait for messages at a time: each may be large when it is handed out. */
const WAITING_MAX = 16;

/** After how many bytes no further message is added to a batch: between these, the less the more batches are handled at a time. */
const BATCH_BYTES_MIN = 256 * 1024;
const BATCH_BYTES_MAX = 2 * 1024 * 1024;

/** After how long a receive that was refused is tried once more, in milliseconds. */
const RECEIVE_AGAIN_MS = 1_000;

/** How long the first commit batch waits for the settings of the consumer, in milliseconds. */
const PREPARE_MS_MAX = 2_000;

const LOST = "The consumer did not answer in time. What runs it may have been stopped.";

/**
 * Pushes the messages of a queue to its consumer: takes batches as a receiver that waits, as many at a time as handlers may
 * run, lets the target handle them, and gives the queue what became of each message. Without a consumer nothing waits.
 */
export class Pump {
  readonly #host: PumpHost;
  readonly #clock: PumpClock;
  readonly #breaker = new Breaker();
  readonly #watches = new LostWatches();
  readonly #settlements: Settlements;
  #queue: PushedQueue | undefined;
  #target: PushTarget | undefined;
  /** Undefined until the target has told them; null if there is no such consumer. */
  #settings: PushSettings | null | undefined;
  #isPrepared = false;
  /** Whether messages were there when the object was loaded, and no batch was taken yet: they may have waited to fill one. */
  #areSomeOlder = false;
  #isAsking = false;
  /** The request ids of the receives that wait. */
  readonly #waiting = new Set<number>();
  #inFlight = 0;
  #inFlightBytes = 0;
  /** The configuration under which a receive was refused: another one may be better. */
  #refusedUnder: Configuration | undefined;
  #cancelTimer: CancelTimer = () => undefined;

  constructor(host: PumpHost, clock: PumpClock) {
    this.#host = host;
    this.#clock = clock;
    this.#settlements = new Settlements(host.submit, clock);
  }

  /** Whether the queue has a consumer, as far as is known: it then wakes by itself while it has messages. */
  isConsuming({ configuration }: Pick<PushedQueue, "configuration">): boolean {
    return this.#host.targetOf(configuration) !== undefined && this.#settings !== null;
  }

  /**
   * Finds out how messages are pushed, before the first commit batch: what has no consumer then needs no alarm. To be called
   * again, it does nothing.
   */
  async prepare({ configuration, waiting }: Pick<PushedQueue, "configuration" | "waiting">): Promise<void> {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    this.#areSomeOlder = waiting > 0;
    this.#breaker.take(configuration.pushFault);
    this.#target = this.#host.targetOf(configuration);
    if (this.#target === undefined || this.#breaker.waitMs(this.#clock.now()) > 0) return;
    let cancel: CancelTimer = () => undefined;
    const over = new Promise<void>((resolve) => {
      cancel = this.#clock.after(PREPARE_MS_MAX, resolve);
    });
    await Promise.race([this.#ask(this.#target), over]);
    cancel();
  }

  /** What there is to say of it; null without a consumer. */
  get view(): PushView | null {
    const { kind, url } = this.#target ?? {};
    const settings = this.#settings ?? undefined;
    if (kind === undefined || this.#settings === null) return null;
    return { kind, url, ...settings, inFlight: this.#inFlight, ...this.#breaker.view(this.#clock.now()) };
  }

  /** To be called after each commit batch: takes as many batches as may be handled. */
  look(queue: PushedQueue): void {
    this.#queue = queue;
    const { exists, configuration } = queue;
    if (!exists) return;
    this.#breaker.take(configuration.pushFault);
    const target = this.#host.targetOf(configuration);
    if (target !== this.#target) this.#retarget(target);
    if (target === undefined || this.#settings === null || configuration === this.#refusedUnder) return;
    const waitMs = this.#breaker.waitMs(this.#clock.now());
    if (waitMs > 0) this.#lookAfter(waitMs);
    else if (this.#settings === undefined) this.#host.keepAlive(this.#ask(target));
    else this.#takeBatches(this.#settings);
  }

  /** To be called after each commit batch with the receipts of leases that were ended: see `Queue.takeLost`. */
  tellLost(receipts: readonly string[]): void {
    this.#watches.tell(receipts);
  }

  #lookAgain(): void {
    if (this.#queue !== undefined) this.look(this.#queue);
  }

  /** Looks again when the breaker lets the next batch through. For a longer time the object's alarm does, not a timer. */
  #lookAfter(ms: number): void {
    this.#cancelTimer();
    if (ms <= TIMER_MS_MAX) this.#cancelTimer = this.#clock.after(ms, () => this.#lookAgain());
  }

  /** What is handled now is settled as its old target says. */
  #retarget(target: PushTarget | undefined): void {
    this.#target = target;
    this.#settings = undefined;
    this.#refusedUnder = undefined;
    this.#endWaiting();
  }

  /** Ends the receives that wait. What they are given meanwhile is given back. */
  #endWaiting(): void {
    const requestIds = [...this.#waiting];
    this.#waiting.clear();
    if (requestIds.length > 0) this.#submit({ verb: "cancel_wait", requestIds });
  }

  #submit(command: Command): void {
    this.#host.submit([{ command, answer: () => undefined }]);
  }

  /** Asks a target how messages are pushed to it. Does not reject. */
  async #ask(target: PushTarget): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      this.#use(target, await target.settings());
    } catch (error) {
      this.#noteFault({ detail: `The consumer cannot be reached: ${messageOf(error)}` });
    }
    this.#isAsking = false;
    this.#lookAgain();
  }

  #use(target: PushTarget, settings: PushSettings | null): void {
    if (target !== this.#target || JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    this.#endWaiting();
  }

  #takeBatches(settings: PushSettings): void {
    const { batchSize, batchWaitSeconds, timeoutSeconds } = settings;
    const concurrency = this.#breaker.isProbing ? 1 : settings.concurrency;
    const free = Math.min(concurrency - this.#inFlight, WAITING_MAX) - this.#waiting.size;
    if (free <= 0 || this.#inFlightBytes >= IN_FLIGHT_BYTES_MAX) return;
    const share = Math.floor(IN_FLIGHT_BYTES_MAX / settings.concurrency);
    const command: Command = {
      ...{ verb: "receive", max: batchSize, timeoutMs: Number.POSITIVE_INFINITY, autoAck: false },
      leaseMs: timeoutSeconds * 1_000 + LEASE_MARGIN_MS,
      fillMs: batchWaitSeconds * 1_000,
      bytesMax: Math.min(Math.max(share, BATCH_BYTES_MIN), BATCH_BYTES_MAX),
    };
    const answer = (requestId: number, result: Result) => this.#received(requestId, result, settings);
    // Of the first batch it is not known for how long its messages wait already, perhaps in one object after the other.
    const first: Command = this.#areSomeOlder ? { ...command, fillMs: 0 } : command;
    this.#areSomeOlder = false;
    const receives = Array.from({ length: free }, (_, index) => ({ command: index === 0 ? first : command, answer }));
    for (const requestId of this.#host.submit(receives)) this.#waiting.add(requestId);
  }

  #received(requestId: number, result: Result, settings: PushSettings): void {
    const wasWaiting = this.#waiting.delete(requestId);
    if (result.verb === "refused") {
      this.#refused(result.code === "shut_down");
      return;
    }
    const deliveries = result.verb === "receive" ? result.deliveries : [];
    if (deliveries.length === 0) return;
    const target = this.#target;
    if (wasWaiting && target !== undefined) this.#host.keepAlive(this.#push(target, deliveries, settings));
    else this.#settlements.settle(deliveries.map(receiptOf), deliveries.map(RELEASE), this.#clock.now());
  }

  /** A queue that is shut down gives nothing before it is configured again. Other refusals pass. */
  #refused(isLasting: boolean): void {
    if (isLasting) this.#refusedUnder = this.#queue?.configuration;
    else this.#lookAfter(RECEIVE_AGAIN_MS);
  }

  async #push(target: PushTarget, deliveries: readonly Delivery[], { timeoutSeconds }: PushSettings): Promise<void> {
    const bytes = deliveries.reduce((sum, { payload }) => sum + utf8Bytes(payload), 0);
    const receipts = deliveries.map(receiptOf);
    const endsAt = deliveries[0]?.lease?.endsAt ?? 0;
    this.#inFlight += 1;
    this.#inFlightBytes += bytes;
    const timeoutMs = timeoutSeconds * 1_000 + ANSWER_MARGIN_MS;
    const watch = this.#watches.begin(receipts);
    const delivering = target.deliver(this.#batchOf(deliveries, receipts), watch.lost);
    const delivered = await this.#inTime(delivering, deliveries, timeoutMs);
    watch.end();
    this.#inFlight -= 1;
    this.#inFlightBytes -= bytes;
    const { verdicts, settings, fault } = delivered;
    this.#settlements.settle(receipts, verdicts, endsAt);
    // What was sent before another configuration says nothing of what is sent from now on.
    if (target !== this.#target) return this.#lookAgain();
    if (fault !== undefined) this.#noteFault(fault);
    else if (this.#breaker.succeeded(this.#clock.now())) this.#submit({ verb: "note_push_fault", fault: null });
    if (settings !== undefined) this.#use(target, settings);
    this.#lookAgain();
  }

  #batchOf(deliveries: readonly Delivery[], receipts: readonly string[]): PushBatch {
    const { name, storageBytes } = this.#host;
    const backlog = { count: this.#queue?.waiting ?? 0, bytes: storageBytes };
    return { queue: name, messages: deliveriesJson(deliveries), receipts, backlog };
  }

  /** What was delivered, or that nothing is known of it when the time is over. */
  async #inTime(delivering: Promise<Delivered>, messages: readonly unknown[], ms: number): Promise<Delivered> {
    let cancel: CancelTimer = () => undefined;
    const over = new Promise<Delivered>((resolve) => {
      cancel = this.#clock.after(ms, () => resolve({ verdicts: messages.map(retried), fault: { detail: LOST } }));
    });
    const retried = (): PushVerdict => ({ verb: "retry", error: { name: "TimeoutError", message: LOST } });
    const delivered = await Promise.race([delivering, over]);
    cancel();
    return delivered;
  }

  #noteFault(fault: TargetFault): void {
    const opened = this.#breaker.failed(fault, this.#clock.now());
    if (opened === undefined) return;
    this.#host.log(opened.detail);
    this.#submit({ verb: "note_push_fault", fault: opened });
    this.#endWaiting();
  }
}

const RELEASE = (): PushVerdict => ({ verb: "release" });

function receiptOf({ lease }: Delivery): string {
  return lease?.receipt ?? "";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
