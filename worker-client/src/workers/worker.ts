import type { ReceivedMessage, ReplyOf } from "../../../src/api/types.ts";
import { LEASE_SECONDS_DEFAULT } from "../../../src/contract/limits.ts";
import { Closed, type QueueError, ShutDown } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";
import { Timer, turn } from "../base/platform.ts";
import { EventSource } from "../events/event-source.ts";
import { WorkerReports } from "../events/worker-reports.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import { arrivalsOf } from "./arrivals.ts";
import { Handlers } from "./handlers.ts";
import { LeaseCheckTimer } from "./lease-check-timer.ts";
import { LeasedMessages } from "./leased-messages.ts";
import { MessageSource } from "./message-source.ts";
import { Prefetch } from "./prefetch.ts";
import { ServerClock } from "./server-clock.ts";
import { Settlements } from "./settlements.ts";
import { SurplusWatch } from "./surplus-watch.ts";
import type { Work } from "./work.ts";
import { type CloseOptions, checkCloseOptions, type WorkOptions } from "./work-options.ts";

/** How long a worker that gives up on its handlers tries to give their messages back, in milliseconds. */
const GIVE_BACK_MS = 800;

/** Works through a queue: see `Queue.work`. It is a `MessageSink`, without `implements`: that interface is not published. */
export class Worker<Item = unknown, Result = unknown> extends EventSource<Item, Result> {
  readonly #ending = Promise.withResolvers<void>();
  /**
   * Settles when the worker has ended, because it was closed or the queue was shut down and is empty. Rejects with the
   * error if the server refuses it, as for a wrong authkey.
   */
  readonly finished: Promise<void> = this.#ending.promise;
  readonly #calls: QueueCalls;
  readonly #work: Work;
  readonly #over: () => void;
  readonly #concurrency: number;
  readonly #reports: WorkerReports;
  readonly #leased: LeasedMessages;
  readonly #prefetch: Prefetch;
  readonly #settlements: Settlements;
  readonly #handlers: Handlers;
  readonly #source: MessageSource;
  readonly #clock = new ServerClock();
  readonly #signal: AbortSignal | undefined;
  readonly #stop = () => {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#source.stop();
  };
  readonly #leaseChecks = new LeaseCheckTimer(() => this.#check());
  readonly #surplusWatch: SurplusWatch;
  #isTurnPlanned = false;
  #isStopping = false;
  #closing: Timer | undefined;
  #end: { error: QueueError | undefined } | undefined;

  /**
   * @internal Workers come from `Queue.work`. `start` begins the work.
   *
   * @param over called when it has ended
   */
  constructor(
    calls: QueueCalls,
    work: Work,
    options: WorkOptions,
    over: () => void,
    reports = new WorkerReports(calls.queue, options),
  ) {
    super(reports.listeners);
    const { concurrency = 1, prefetch, leaseSeconds, timeoutSeconds, signal } = options;
    this.#work = work;
    this.#calls = calls;
    this.#over = over;
    this.#concurrency = concurrency;
    this.#reports = reports;
    this.#prefetch = new Prefetch(concurrency, prefetch);
    this.#surplusWatch = new SurplusWatch(concurrency, () => this.#giveAway());
    // Until the server's first answer says how long leases last.
    const leaseMs = (leaseSeconds ?? LEASE_SECONDS_DEFAULT) * 1_000;
    this.#leased = new LeasedMessages(calls, leaseMs, () => this.#plan());
    this.#settlements = new Settlements(calls, reports, () => this.#confirmed());
    this.#handlers = new Handlers(work.handler, {
      calls,
      leased: this.#leased,
      settlements: this.#settlements,
      prefetch: this.#prefetch,
      reports,
      concurrency,
      timeoutSecondsOf: (message) => work.timeoutSecondsOf?.(message) ?? timeoutSeconds,
      changed: () => {
        this.#surplusWatch.clear();
        this.#plan();
      },
    });
    this.#source = new MessageSource(calls.route, this, leaseSeconds);
    this.#signal = signal;
  }

  /** @internal */
  start(): void {
    this.#leaseChecks.start(this.#leased.leaseMs);
    this.#source.start();
    if (this.#signal?.aborted) this.#stop();
    this.#signal?.addEventListener("abort", this.#stop, { once: true });
  }

  /**
   * Takes nothing more, gives back what it has not begun, and waits for the handlers that run: for `timeoutSeconds` if
   * these are given. Then the signals of their messages are aborted, and the messages given back. As `finished`. A
   * handler must not await it: it would wait for itself.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkCloseOptions(options);
    const { timeoutSeconds } = options;
    if (timeoutSeconds !== undefined && this.#leaseChecks.isRunning) {
      this.#closing?.clear();
      this.#closing = new Timer(timeoutSeconds * 1_000, () => this.#giveUp());
    }
    this.#stop();
    await this.finished;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal 1 if handlers block the event loop: a message that comes meanwhile can neither begin nor be given back. */
  get room(): number {
    const room = this.capacity - this.#leased.size;
    return this.#prefetch.isBlocking ? Math.min(room, this.#leased.waiting === 0 ? 1 : 0) : room;
  }

  /** @internal At most 1 if handlers may block the event loop: each message counts as begun when it is received. */
  get slots(): number {
    const free = this.#concurrency - this.#leased.size;
    if (!this.#prefetch.mayBlock) return free;
    return this.#leased.waiting === 0 ? Math.min(1, free) : 0;
  }

  /** @internal */
  get capacity(): number {
    return this.#concurrency + this.#prefetch.size;
  }

  /** @internal Whether nothing waits. */
  get isIdle(): boolean {
    return this.#leased.waiting === 0;
  }

  /** @internal Repeats `begin`, by which the server counts attempts: it may be lost with the connection before. */
  connected(): void {
    this.#clock.reset();
    const running = [...this.#leased.running].filter(({ isSettled }) => !isSettled);
    if (running.length > 0) this.#calls.route.pushes?.begin(running.map(({ receipt }) => receipt));
    this.#work.connected?.();
  }

  /** @internal */
  granted({ leaseSeconds, time }: ReplyOf<"subscribe">, sentAt: Instant): void {
    this.#clock.heard(time * 1_000, sentAt);
    this.#setLease(leaseSeconds * 1_000);
  }

  /** @internal */
  take(received: ReceivedMessage[], leaseSeconds?: number): void {
    // What was received before the event loop was blocked may be another consumer's by now.
    const sinceCheckMs = this.#startAnewAfterGap();
    if (leaseSeconds !== undefined) this.#setLease(leaseSeconds * 1_000);
    const { leaseMs } = this.#leased;
    // An answer over HTTP does not contain the server's time: its leases count from its arrival.
    const leftMs = leaseSeconds === undefined ? (at: number) => this.#clock.leftMs(at, leaseMs) : () => leaseMs;
    const { inTime, late } = arrivalsOf(received, this.#calls, { leaseMs, leftMs, unreadMs: sinceCheckMs });
    for (const message of inTime) this.#leased.add(message);
    this.#settlements.release(late);
    if (this.#end !== undefined) this.#settlements.release(this.#leased.takeWaiting());
    this.#turn();
  }

  /** @internal */
  lost(receipts: readonly string[]): void {
    this.#leased.lose(receipts);
    this.#plan();
  }

  /** @internal */
  serverReport(error: QueueError, isBack: boolean): void {
    this.#reports.server(error, isBack);
  }

  /** @internal */
  ended(error: QueueError | undefined): void {
    if (this.#end !== undefined) return;
    // A worker that is closing expects that its connection was closed.
    const isInOrder = error instanceof ShutDown || (this.#isStopping && error instanceof Closed);
    this.#end = { error: isInOrder ? undefined : error };
    this.#isStopping = true;
    this.#settlements.release(this.#leased.takeWaiting());
    this.#endIfDone();
  }

  #setLease(ms: number): void {
    if (ms === this.#leased.leaseMs || !(ms > 0)) return;
    this.#leased.leaseMs = ms;
    this.#leaseChecks.start(ms);
  }

  #check(): void {
    this.#startAnewAfterGap();
    this.#leaseChecks.checked();
    this.#leased.check();
    if (this.#leased.waiting > 0 || this.#isStopping) this.#plan();
  }

  /**
   * A worker whose event loop was blocked for longer than a lease cannot know what it still holds: it gives up the
   * connection, with what was pushed on it meanwhile. Returns how long ago the last check was, in milliseconds.
   */
  #startAnewAfterGap(): number {
    const ms = this.#leaseChecks.sinceCheckMs;
    if (ms <= this.#leased.leaseMs) return ms;
    this.#leaseChecks.checked();
    this.#clock.reset();
    this.#leased.check();
    this.#settlements.flush();
    this.#calls.route.pushes?.restart();
    return ms;
  }

  /** Other work of the event loop comes first, before the next handlers begin. */
  #plan(): void {
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    turn(() => {
      this.#isTurnPlanned = false;
      this.#turn();
    });
  }

  #turn(): void {
    this.#settlements.flush();
    const { isBlocking } = this.#prefetch;
    if (isBlocking && this.#source.credit > 1) this.#source.withdraw();
    if (!isBlocking) this.#source.roomMade();
    if (!this.#isStopping) this.#handlers.begin();
    if (isBlocking) this.#source.roomMade();
    const { running, waiting } = this.#leased;
    if (!this.#prefetch.isAdaptive || this.#isStopping) this.#surplusWatch.clear();
    else this.#surplusWatch.check({ running: running.size, waiting, credit: this.#source.credit });
    this.#endIfDone();
  }

  /** Messages that wait behind long handlers, and credit beyond what is worked on, go to other workers. */
  #giveAway(): void {
    this.#prefetch.reset();
    this.#settlements.release(this.#leased.takeWaiting());
    this.#source.withdraw();
    this.#plan();
  }

  /** The time for closing has passed: messages whose handlers still run are given back. */
  #giveUp(): void {
    const { queue } = this.#calls;
    for (const message of this.#leased.running) {
      const error = new Closed(`The worker of ${queue} was closed before its handler had ended.`, { queue });
      this.#reports.threw(message, error);
      if (!message.isSettled) this.#settlements.failed(message, error);
      message.abort(error);
    }
    this.#leased.running.clear();
    this.ended(undefined);
    // A message that cannot be given back by then is redelivered when its lease ends.
    this.#closing = new Timer(GIVE_BACK_MS, () => this.#finish());
    this.#endIfDone();
  }

  #confirmed(): void {
    this.#endIfDone();
    if (this.#leased.waiting > 0) this.#plan();
  }

  #endIfDone(): void {
    const isDone = this.#leased.running.size === 0 && this.#settlements.areAllConfirmed;
    if (this.#end !== undefined && isDone) this.#finish();
  }

  #finish(): void {
    if (!this.#leaseChecks.isRunning) return;
    const { queue } = this.#calls;
    this.#leaseChecks.stop();
    this.#surplusWatch.clear();
    this.#closing?.clear();
    this.#settlements.giveUp(new Closed(`The worker of ${queue} was closed.`, { queue }));
    this.#signal?.removeEventListener("abort", this.#stop);
    this.#calls.route.close();
    this.#over();
    const error = this.#end?.error;
    if (error === undefined) this.#ending.resolve();
    else this.#ending.reject(error);
  }
}
