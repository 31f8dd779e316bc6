import type { PushView } from "../api/forms/queue-info.ts";
import { deliveriesJson } from "../api/forms/received-json.ts";
import type { PushBatch, PushVerdict } from "../api/push.ts";
import type { PushSettings } from "../contract/push-settings.ts";
import { utf8Bytes } from "../queue/base/bytes.ts";
import type { Command, Delivery, Result } from "../queue/base/commands.ts";
import { PUSH_TIMER_MS_MAX } from "../queue/base/configuration.ts";
import { Breaker } from "./breaker.ts";
import { inTime } from "./in-time.ts";
import { LostWatches } from "./lost-watches.ts";
import type { PumpHost, PushedQueue } from "./pump-host.ts";
import { IN_FLIGHT_BYTES_MAX, receiveCommand } from "./receive-command.ts";
import { Refusals } from "./refusals.ts";
import { type PumpClock, Settlements } from "./settlements.ts";
import type { Delivered, PushTarget, TargetFault } from "./target.ts";
import { messageOf, retryAfter } from "./verdicts/parts.ts";

/** How long after a handler's time its answer is awaited, in milliseconds. It comes by itself unless what runs it is gone. */
const ANSWER_MARGIN_MS = 2_500;

/** How many batches may wait for messages at a time: each may be large when it is handed out. */
const WAITING_MAX = 16;

/** How long the first commit batch waits for the settings of the consumer, in milliseconds. */
const PREPARE_MS_MAX = 2_000;

/** How long the settings of the consumer are awaited, in milliseconds. */
const ASK_MS_MAX = 30_000;

/** A consumer that there was not is asked for again with a commit batch this much later, in milliseconds. */
const ASK_AGAIN_MS = 10_000;

/** What is kept of the sentence about a fault, in characters. */
const DETAIL_CHARACTERS_MAX = 500;

const UNANSWERED = "It did not answer in time.";

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
  /** Whether the settings must be told once more before anything is pushed: they could not, or a batch failed. */
  #mustAsk = false;
  #askedAt = 0;
  #isPrepared = false;
  /** Whether messages were there when the object was loaded, and none was taken yet: since when they wait is not known. */
  #areSomeOlder = false;
  #isAlarmed = false;
  /** The target that is being asked. */
  #asked: PushTarget | undefined;
  /** The request ids of the receives that wait. */
  readonly #waiting = new Set<number>();
  #inFlight = 0;
  #inFlightBytes = 0;
  readonly #refusals = new Refusals();
  #cancelTimer: () => void = () => undefined;

  constructor(host: PumpHost, clock: PumpClock) {
    this.#host = host;
    this.#clock = clock;
    this.#settlements = new Settlements(host.submit, clock);
  }

  /** Whether the queue has a consumer, as far as is known: it then wakes by itself while it has messages. */
  isConsuming({ configuration }: Pick<PushedQueue, "configuration">): boolean {
    return this.#host.targetOf(configuration) !== undefined && this.#settings !== null;
  }

  /** Finds out how messages are pushed, before the first commit batch: what has no consumer then needs no alarm. */
  async prepare({ configuration, waiting }: Pick<PushedQueue, "configuration" | "waiting">): Promise<void> {
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    this.#areSomeOlder = waiting > 0;
    this.#breaker.take(configuration.pushFault);
    this.#target = this.#host.targetOf(configuration);
    if (this.#target === undefined || this.#breaker.waitMs(this.#clock.now()) > 0) return;
    // It goes on afterwards.
    await inTime(this.#clock, this.#ask(this.#target), PREPARE_MS_MAX, UNANSWERED).catch(() => undefined);
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
    // What comes to be under the same name may be pushed elsewhere.
    if (!exists) {
      this.#endWaiting();
      return;
    }
    this.#breaker.take(configuration.pushFault);
    const target = this.#host.targetOf(configuration);
    if (target !== this.#target) this.#retarget(target);
    if (target === undefined || this.#refusals.isShutDown(queue)) return;
    const now = this.#clock.now();
    const waitMs = Math.max(this.#breaker.waitMs(now), this.#refusals.waitMs(now));
    if (waitMs > 0) this.#lookAfter(waitMs);
    else if (this.#isToAsk(queue, now)) this.#host.keepAlive(this.#ask(target));
    else if (this.#settings && !this.#mustAsk) this.#takeBatches(this.#settings);
  }

  #isToAsk({ waiting }: PushedQueue, now: number): boolean {
    if (this.#settings === null) return now - this.#askedAt >= ASK_AGAIN_MS;
    // A consumer that does not even answer this costs no message an attempt. Without a message nothing need be noted of it.
    return this.#mustAsk ? waiting > 0 : this.#settings === undefined;
  }

  /** To be called when the object's alarm has gone off: messages that are older than the object do not wait to fill a batch. */
  alarmed(): void {
    this.#isAlarmed = true;
    if (this.#areSomeOlder) this.#endWaiting();
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
    if (ms <= PUSH_TIMER_MS_MAX) this.#cancelTimer = this.#clock.after(ms, () => this.#lookAgain());
  }

  /** What is handled now is settled as its old target says. */
  #retarget(target: PushTarget | undefined): void {
    this.#target = target;
    this.#settings = undefined;
    this.#mustAsk = false;
    this.#refusals.clear();
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
    if (this.#asked === target) return;
    this.#asked = target;
    this.#askedAt = this.#clock.now();
    let fault: TargetFault | undefined;
    try {
      const settings = await inTime(this.#clock, target.settings(), ASK_MS_MAX, UNANSWERED);
      this.#use(target, settings);
    } catch (error) {
      // Where there was none, nothing is missing.
      if (this.#settings !== null)
        fault = { detail: `The consumer cannot be asked for its settings: ${messageOf(error)}` };
    }
    if (this.#asked === target) this.#asked = undefined;
    if (fault !== undefined && target === this.#target) this.#noteFault(fault);
    this.#lookAgain();
  }

  #use(target: PushTarget, settings: PushSettings | null): void {
    if (target !== this.#target) return;
    this.#mustAsk = false;
    if (JSON.stringify(settings) === JSON.stringify(this.#settings)) return;
    this.#settings = settings;
    this.#endWaiting();
  }

  #takeBatches(settings: PushSettings): void {
    const concurrency = this.#breaker.isProbing ? 1 : settings.concurrency;
    const free = Math.min(concurrency - this.#inFlight, WAITING_MAX) - this.#waiting.size;
    if (free <= 0 || this.#inFlightBytes >= IN_FLIGHT_BYTES_MAX) return;
    const command = receiveCommand(settings);
    const answer = (requestId: number, result: Result) => this.#received(requestId, result, settings);
    // One object after the other could let the same messages wait to fill a batch.
    const first = this.#areSomeOlder && this.#isAlarmed ? { ...command, fillMs: 0 } : command;
    const receives = Array.from({ length: free }, (_, index) => ({ command: index === 0 ? first : command, answer }));
    for (const requestId of this.#host.submit(receives)) this.#waiting.add(requestId);
  }

  #received(requestId: number, result: Result, settings: PushSettings): void {
    const wasWaiting = this.#waiting.delete(requestId);
    if (result.verb === "refused") {
      const now = this.#clock.now();
      this.#refusals.note(result.code, this.#queue?.configuration, now);
      const waitMs = this.#refusals.waitMs(now);
      if (waitMs > 0) this.#lookAfter(waitMs);
      return;
    }
    this.#refusals.clear();
    const deliveries = result.verb === "receive" ? result.deliveries : [];
    if (deliveries.length === 0) return;
    this.#areSomeOlder = false;
    const target = this.#target;
    // The commit batch that has handed them out may have configured the queue too.
    const isMeant = this.#queue !== undefined && this.#host.targetOf(this.#queue.configuration) === target;
    if (wasWaiting && isMeant && target !== undefined) this.#host.keepAlive(this.#push(target, deliveries, settings));
    else this.#settlements.settle(deliveries.map(receiptOf), deliveries.map(RELEASE), this.#clock.now());
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
    const delivered = await this.#delivered(delivering, receipts, timeoutMs);
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
  async #delivered(delivering: Promise<Delivered>, receipts: readonly string[], ms: number): Promise<Delivered> {
    try {
      return await inTime(this.#clock, delivering, ms, LOST);
    } catch (error) {
      return { verdicts: receipts.map(() => retryAfter(error)), fault: { detail: messageOf(error) } };
    }
  }

  #noteFault(fault: TargetFault): void {
    this.#mustAsk = true;
    const detail = fault.detail.slice(0, DETAIL_CHARACTERS_MAX);
    const opened = this.#breaker.failed({ ...fault, detail }, this.#clock.now());
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
