import type { ReceivedMessage } from "../../../../src/api/types.ts";
import type { QueueError } from "../../base/errors.ts";
import { isPromise } from "../../base/platform.ts";
import { Lease } from "../../message/lease.ts";
import { Message } from "../../message/message.ts";
import type { QueueCalls } from "../../message/queue-calls.ts";
import { Verdict } from "../../workers/verdict.ts";
import type { SentOutcome } from "../protocol.ts";
import { receivedError, type SentError, sentError } from "../sent-errors.ts";
import type { Outbox } from "./outbox.ts";

/** Handlers that take so long each before they wait for something, in milliseconds, may block: the next begins alone. */
const BLOCKING_MS = 1;

/** How many begin together at most. */
const STEP_MAX = 64;

interface Waiting {
  run: number;
  received: ReceivedMessage;
}

interface Running {
  message: Message<unknown>;
  reason?: unknown;
}

/** Runs handlers, and tells the parent when they begin and how they end. */
export class Runs {
  readonly #handler: (message: Message<unknown>) => unknown;
  readonly #calls: QueueCalls;
  readonly #outbox: Outbox;
  readonly #running = new Map<number, Running>();
  #waiting: Waiting[] = [];
  #step = 1;
  #isTurnPlanned = false;

  constructor(handler: (message: Message<unknown>) => unknown, calls: QueueCalls, outbox: Outbox) {
    this.#handler = handler;
    this.#calls = calls;
    this.#outbox = outbox;
  }

  add(run: number, received: ReceivedMessage): void {
    this.#waiting.push({ run, received });
    if (!this.#isTurnPlanned) {
      this.#isTurnPlanned = true;
      queueMicrotask(() => this.#turn());
    }
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
    const waiting = this.#waiting.find((each) => each.run === run);
    if (waiting === undefined) return;
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    this.#outbox.tell({ kind: "ended", run, outcome: { verb: "threw", error, isReason: true } });
  }

  /** Some handlers begin; others when these have done all that they do before they wait for something. */
  #turn(): void {
    const some = this.#next();
    this.#outbox.tell({ kind: "begun", runs: some.map(({ run }) => run) });
    this.#outbox.flush();
    const beganAt = performance.now();
    for (const each of some) this.#begin(each);
    setImmediate(() => {
      const eachMs = (performance.now() - beganAt) / Math.max(1, some.length);
      this.#step = eachMs > BLOCKING_MS ? 1 : Math.min(STEP_MAX, this.#step * 2);
      this.#isTurnPlanned = this.#waiting.length > 0;
      if (this.#isTurnPlanned) this.#turn();
    });
  }

  /** One that was begun before comes alone: its handler may have ended the process that had it. */
  #next(): Waiting[] {
    const again = this.#waiting.slice(0, this.#step).findIndex(({ received }) => received.attempt > 1);
    return this.#waiting.splice(0, again < 0 ? this.#step : Math.max(1, again));
  }

  #begin({ run, received }: Waiting): void {
    const message = new Message<unknown>(received, new Lease(Number.POSITIVE_INFINITY), this.#calls);
    const running: Running = { message };
    this.#running.set(run, running);
    const returned = (value: unknown) => this.#end(run, message, outcomeOf(value));
    const threw = (error: unknown) => {
      const isReason = running.reason !== undefined && error === running.reason;
      this.#end(run, message, { verb: "threw", error: sentError(error), isReason });
    };
    try {
      const value = this.#handler(message);
      if (isPromise(value)) value.then(returned, threw);
      else returned(value);
    } catch (error) {
      threw(error);
    }
  }

  #end(run: number, message: Message<unknown>, outcome: SentOutcome): void {
    this.#running.delete(run);
    message.settle();
    this.#outbox.tell({ kind: "ended", run, outcome });
  }
}

function outcomeOf(value: unknown): SentOutcome {
  if (!(value instanceof Verdict)) return { verb: "returned" };
  const { act } = value;
  if (act.verb === "ack") return { verb: "ack", result: act.result };
  if (act.verb === "reject") return { verb: "reject", error: sentError(act.error) };
  return { verb: "release", delaySeconds: act.delaySeconds };
}
