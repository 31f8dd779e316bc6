import type { ReceivedMessage, ReplyOf } from "../../../src/api/types.ts";
import { LEASE_SECONDS_DEFAULT } from "../../../src/contract/limits.ts";
import type { QueueError } from "../base/errors.ts";
import type { Instant } from "../base/instant.ts";
import { PlannedTurn } from "../base/planned-turn.ts";
import { EventSource } from "../events/event-source.ts";
import { WorkerReports } from "../events/worker-reports.ts";
import type { QueueCalls } from "../message/queue-calls.ts";
import { arrivalsOf } from "./arrivals.ts";
import { Ending } from "./ending.ts";
import { giveUp } from "./give-up.ts";
import { Handlers } from "./handlers.ts";
import { LeaseCheckTimer } from "./lease-check-timer.ts";
import { LeasedMessages } from "./leased-messages.ts";
import { MessageSource } from "./message-source.ts";
import { Pausing } from "./pausing.ts";
import { Prefetch } from "./prefetch.ts";
import { Room } from "./room.ts";
import { ServerClock } from "./server-clock.ts";
import { Settlements } from "./settlements.ts";
import type { Work } from "./work.ts";
import { type CloseOptions, checkCloseOptions, type WorkOptions } from "./work-options.ts";

/** Works through a queue: see `Queue.work`. It is a `MessageSink`, without `implements`: that interface is not published. */
export class Worker<Item = unknown, Result = unknown> extends EventSource<Item, Result> {
  /**
   * Settles when the worker has ended, because it was closed or the queue was shut down and is empty. Rejects with the
   * error if the server refuses it, as for a wrong authkey, or if no process or thread can run its handlers.
   */
  readonly finished: Promise<void>;
  readonly #calls: QueueCalls;
  readonly #work: Work;
  readonly #reports: WorkerReports;
  readonly #leased: LeasedMessages;
  readonly #prefetch: Prefetch;
  readonly #settlements: Settlements;
  readonly #handlers: Handlers;
  readonly #source: MessageSource;
  readonly #clock = new ServerClock();
  readonly #leaseChecks = new LeaseCheckTimer(() => this.#check());
  readonly #pausing = new Pausing();
  readonly #room: Room;
  readonly #ending: Ending;
  /** Other work of the event loop comes first, before the next handlers begin. */
  readonly #turns = new PlannedTurn(() => this.#turn());

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
    const { concurrency = 1, prefetch, leaseSeconds, timeoutSeconds } = options;
    this.#work = work;
    this.#calls = calls;
    this.#reports = reports;
    this.#ending = this.#endingOf(options, over);
    this.finished = this.#ending.finished;
    this.#prefetch = new Prefetch(() => this.#room.handlersMax, prefetch, work.waitingMs);
    // Until the server's first answer says how long leases last.
    const leaseMs = (leaseSeconds ?? LEASE_SECONDS_DEFAULT) * 1_000;
    this.#leased = new LeasedMessages(calls, leaseMs, () => this.#turns.plan());
    this.#settlements = new Settlements(calls, reports, () => {
      this.#look();
      if (this.#leased.waiting > 0) this.#turns.plan();
    });
    this.#room = new Room({
      work,
      concurrency,
      pausing: this.#pausing,
      prefetch: this.#prefetch,
      leased: this.#leased,
      settlements: this.#settlements,
      source: () => this.#source,
      changed: () => this.#turns.plan(),
    });
    this.#handlers = new Handlers(work.handler, {
      calls,
      leased: this.#leased,
      settlements: this.#settlements,
      prefetch: this.#prefetch,
      reports,
      room: this.#room,
      timeoutSecondsOf: (message) =>
        work.timeoutSecondsOf === undefined ? timeoutSeconds : work.timeoutSecondsOf(message, timeoutSeconds),
      changed: () => this.#turns.plan(),
    });
    this.#source = new MessageSource(calls.route, this, leaseSeconds);
  }

  /** @internal */
  start(): void {
    this.#leaseChecks.start(this.#leased.leaseMs);
    this.#work.start?.({
      changed: () => this.#capacityChanged(),
      failed: (error) => this.#ending.fail(error),
      crashed: (crash) => this.#reports.crashed(crash),
    });
    this.#source.start();
    this.#ending.started();
  }

  /**
   * Takes nothing more, gives back what it has not begun, and waits for the handlers that run: for `timeoutSeconds` if
   * these are given. Then the signals of their messages are aborted, and the messages given back as if they had not been
   * begun: no attempt is counted. As `finished`. A handler must not await it: it would wait for itself.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    checkCloseOptions(options);
    const { timeoutSeconds } = options;
    if (timeoutSeconds !== undefined) this.#ending.limit(timeoutSeconds);
    this.#ending.stop();
    await this.finished;
  }

  /**
   * Takes nothing more until `resume`, and gives back what it has not begun: no attempt is counted. Fulfilled when no
   * handler runs and the server has answered to what became of the messages, or when the pause, or the worker, has ended
   * before that. A handler must not await it: it would wait for itself.
   */
  pause(): Promise<void> {
    const paused = this.#pausing.pause();
    this.#capacityChanged();
    return paused;
  }

  /** Ends the pause. Without one it does nothing. */
  resume(): void {
    this.#pausing.resume();
    this.#turns.plan();
  }

  /** Whether it was paused, and not resumed since. */
  get isPaused(): boolean {
    return this.#pausing.isPaused;
  }

  /** How many threads or processes that ran handlers have ended without being told to: see the event `crashed`. */
  get crashes(): number {
    return this.#reports.crashes;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal */
  get room(): number {
    return this.#room.left;
  }

  /** @internal */
  get slots(): number {
    return this.#room.slots;
  }

  /** @internal */
  get capacity(): number {
    return this.#room.capacity;
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
    if (this.#ending.hasEnded) this.#settlements.release(this.#leased.takeWaiting());
    else this.#room.arrived();
    this.#turn();
  }

  /** @internal */
  lost(receipts: readonly string[]): void {
    this.#leased.lose(receipts);
    this.#turns.plan();
  }

  /** @internal */
  serverReport(error: QueueError, isBack: boolean): void {
    this.#reports.server(error, isBack);
  }

  /** @internal */
  withdrawn(): void {
    this.#turns.plan();
  }

  /** @internal */
  ended(error: QueueError | undefined): void {
    this.#ending.ended(error);
  }

  #endingOf(options: WorkOptions, over: () => void): Ending {
    return new Ending(this.#calls.queue, options, {
      stop: () => this.#source.stop(),
      stopWork: () => this.#work.stop?.(),
      shutDown: (timeoutSeconds) => void this.close({ timeoutSeconds }).catch(() => undefined),
      giveBackWaiting: () => this.#settlements.release(this.#leased.takeWaiting()),
      giveUp: (error) => giveUp(error, this.#leased, this.#settlements, this.#reports),
      abandon: (error) => {
        this.#leaseChecks.stop();
        this.#room.unwatch();
        this.#settlements.giveUp(error);
      },
      endWork: () => this.#work.end?.().catch((error: unknown) => this.#reports.error(error)),
      leave: () => {
        this.#calls.route.close();
        this.#pausing.over();
        over();
      },
      look: () => this.#look(),
    });
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
    if (this.#leased.waiting > 0 || this.#ending.isStopping) this.#turns.plan();
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

  #turn(): void {
    this.#settlements.flush();
    const { isBlocking } = this.#prefetch;
    if (isBlocking && this.#source.credit > 1) this.#source.withdraw();
    if (!isBlocking) this.#source.roomMade();
    if (!this.#ending.isStopping) this.#handlers.begin();
    if (isBlocking) this.#source.roomMade();
    if (this.#ending.isStopping) this.#room.unwatch();
    else this.#room.watch();
    this.#look();
  }

  #capacityChanged(): void {
    if (!this.#ending.isStopping) this.#room.shrink();
    this.#turns.plan();
  }

  /** Whether nothing is in hand any more is what pauses and the end wait for. */
  #look(): void {
    if (this.#leased.running.size > 0 || !this.#settlements.areAllConfirmed) return;
    if (this.#leased.waiting === 0 && !this.#source.isExpecting) this.#pausing.quiet();
    this.#ending.quiet();
  }
}
