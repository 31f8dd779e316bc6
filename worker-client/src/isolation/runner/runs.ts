import type { QueueError } from "../../base/errors.ts";
import { isPromise } from "../../base/platform.ts";
import { Message } from "../../message/message.ts";
import type { QueueCalls } from "../../message/queue-calls.ts";
import { Verdict } from "../../workers/verdict.ts";
import type { SentOutcome, ToRunner } from "../protocol.ts";
import { receivedError, type SentError, sentError } from "../sent-errors.ts";
import { EndlessLease } from "./endless-lease.ts";
import type { Outbox } from "./outbox.ts";

/** Handlers that take so long each before they wait for something, in milliseconds, may block: the next begins alone. */
const BLOCKING_MS = 1;

/** Handlers that take less than this, in milliseconds, are said to begin together although only some may run at a time. */
const INSTANT_MS = 0.5;

/** How many are said to begin together at most. */
const STEP_MAX = 64;

/** How long handlers may begin one after the other before other work of the event loop, in milliseconds. */
const TURN_MS = 5;

/**
 * A message that was sent ahead begins only if the parent was told so no later than this, in milliseconds, after it was told
 * that the one before begins. Else it goes back, because the parent may have given it to others: see `STUCK_MS`.
 */
const RETURN_MS = 10;

/** What was sent ahead goes back if for so long, in milliseconds, no handler has ended. */
const WAIT_MS = 20;

type Waiting = Extract<ToRunner, { kind: "run" }>;

interface Running {
  message: Message<unknown>;
  beganAt: number;
  reason?: unknown;
}

/** Runs handlers, as many at a time as may run, and tells the parent when they begin and how they end. */
export class Runs {
  readonly #handler: (message: Message<unknown>) => unknown;
  readonly #calls: QueueCalls;
  readonly #outbox: Outbox;
  readonly #concurrency: number;
  readonly #running = new Map<number, Running>();
  /** What has not begun, in the order in which it came. */
  #waiting: Waiting[] = [];
  /** How many of these were said to begin. */
  #announced = 0;
  #step = 1;
  /** How long handlers take, in milliseconds: up at once, down slowly. */
  #runMs = 0;
  /** When that was last said. */
  #saidAt = 0;
  /** How many handlers have ended. */
  #ends = 0;
  #watching: NodeJS.Timeout | undefined;
  #isPlanned = false;
  /** The present turn of the event loop, if handlers begin in it. */
  #turn: { beganAt: number; begun: number; hasSaid: boolean } | undefined;

  constructor(handler: (message: Message<unknown>) => unknown, calls: QueueCalls, outbox: Outbox, concurrency: number) {
    this.#handler = handler;
    this.#calls = calls;
    this.#outbox = outbox;
    this.#concurrency = concurrency;
  }

  add(run: Waiting): void {
    this.#waiting.push(run);
    // What came together is heard first: the parent may have taken back what came late.
    if (this.#isPlanned || this.#turn !== undefined) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      this.#beginSome();
    });
  }

  /** The parent has given these to others: they do not begin. */
  taken(runs: readonly number[]): void {
    for (const run of runs) this.#drop(run);
  }

  abort(run: number, error: SentError): void {
    const reason = receivedError(error) as QueueError;
    const running = this.#running.get(run);
    if (running !== undefined) {
      running.reason = reason;
      running.message.abort(reason);
      return;
    }
    // It has not begun, and need not.
    if (!this.#drop(run)) return;
    this.#outbox.tell({ kind: "ended", run, outcome: { verb: "threw", error, isReason: true }, ms: 0 });
  }

  /** Whether it waited. */
  #drop(run: number): boolean {
    const index = this.#waiting.findIndex((each) => each.run === run);
    if (index < 0) return false;
    this.#waiting.splice(index, 1);
    if (index < this.#announced) this.#announced -= 1;
    return true;
  }

  /** As many begin as may run. Others begin when these have ended, and after other work of the event loop. */
  #beginSome(): void {
    while (this.#running.size < this.#concurrency) {
      const [next] = this.#waiting;
      if (next === undefined) return;
      const now = performance.now();
      if (this.#announced === 0 && next.isAhead && now - this.#saidAt > RETURN_MS) {
        this.#giveBack();
        continue;
      }
      this.#turn ??= this.#newTurn(now);
      if (now - this.#turn.beganAt >= TURN_MS) return;
      if (this.#announced === 0) {
        // What began before may end this process: it does first what it does before it waits for something.
        if (this.#turn.hasSaid) return;
        this.#turn.hasSaid = true;
        if (!this.#announce(now)) continue;
      }
      this.#announced -= 1;
      this.#turn.begun += 1;
      this.#waiting.shift();
      this.#begin(next, now);
    }
  }

  #newTurn(beganAt: number): { beganAt: number; begun: number; hasSaid: boolean } {
    const turn = { beganAt, begun: 0, hasSaid: false };
    setImmediate(() => {
      const eachMs = (performance.now() - beganAt) / Math.max(1, turn.begun);
      this.#step = eachMs > BLOCKING_MS ? 1 : Math.min(STEP_MAX, this.#step * 2);
      this.#turn = undefined;
      this.#beginSome();
      if (this.#waiting.length > 0) this.#watch();
    });
    return turn;
  }

  /** A handler that waits for long holds up nothing that others can begin with. */
  #watch(): void {
    if (this.#watching !== undefined) return;
    const ends = this.#ends;
    this.#watching = setTimeout(() => {
      this.#watching = undefined;
      if (this.#waiting.length === 0) return;
      if (this.#ends === ends) this.#giveBack();
      else this.#watch();
    }, WAIT_MS);
  }

  /**
   * Says which begin next: these are the runner's own, and no others may have them. One that was begun before comes alone, because
   * its handler may have ended the process that had it. False if that was said too late for those that were sent ahead.
   */
  #announce(now: number): boolean {
    const max = this.#runMs < INSTANT_MS ? this.#step : Math.min(this.#step, this.#concurrency - this.#running.size);
    const isAhead = this.#waiting[0]?.isAhead === true;
    const next = this.#waiting.slice(0, max);
    const other = next.findIndex((each) => each.message.attempt > 1 || each.isAhead !== isAhead);
    const some = other < 0 ? next : next.slice(0, Math.max(1, other));
    this.#outbox.tell({ kind: "begun", runs: some.map(({ run }) => run) });
    this.#outbox.flush();
    // The process may have stood still meanwhile.
    if (isAhead && performance.now() - this.#saidAt > RETURN_MS) {
      this.#giveBack();
      return false;
    }
    this.#saidAt = now;
    this.#announced = some.length;
    return true;
  }

  /** What was sent ahead goes back: it has waited behind a handler that took long. */
  #giveBack(): void {
    const ahead = this.#waiting.filter(({ isAhead }) => isAhead);
    this.#announced = this.#waiting.slice(0, this.#announced).filter(({ isAhead }) => !isAhead).length;
    this.#waiting = this.#waiting.filter(({ isAhead }) => !isAhead);
    this.#outbox.tell({ kind: "returned", runs: ahead.map(({ run }) => run) });
  }

  #begin({ run, message: received }: Waiting, beganAt: number): void {
    const message = new Message<unknown>(received, new EndlessLease(), this.#calls);
    const running: Running = { message, beganAt };
    this.#running.set(run, running);
    const returned = (value: unknown) => this.#end(run, running, outcomeOf(value));
    const threw = (error: unknown) => {
      const isReason = running.reason !== undefined && error === running.reason;
      this.#end(run, running, { verb: "threw", error: sentError(error), isReason });
    };
    const later = (end: (value: unknown) => void) => (value: unknown) => {
      end(value);
      this.#beginSome();
    };
    try {
      const value = this.#handler(message);
      if (isPromise(value)) value.then(later(returned), later(threw));
      else returned(value);
    } catch (error) {
      threw(error);
    }
  }

  #end(run: number, { message, beganAt }: Running, outcome: SentOutcome): void {
    const ms = performance.now() - beganAt;
    this.#runMs = ms > this.#runMs ? ms : this.#runMs + (ms - this.#runMs) / 10;
    this.#running.delete(run);
    this.#ends += 1;
    message.settle();
    this.#outbox.tell({ kind: "ended", run, outcome, ms });
  }
}

function outcomeOf(value: unknown): SentOutcome {
  if (!(value instanceof Verdict)) return { verb: "returned" };
  const { act } = value;
  if (act.verb === "ack") return { verb: "ack", result: act.result };
  if (act.verb === "reject") return { verb: "reject", error: sentError(act.error) };
  return { verb: "release", delaySeconds: act.delaySeconds };
}
