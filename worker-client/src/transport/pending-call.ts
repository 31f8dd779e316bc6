import type { MessageRun } from "../../../src/api/types.ts";
import { GRACE_SECONDS } from "../base/deadline.ts";
import { QueueError } from "../base/errors.ts";
import { type Instant, instant, msSince } from "../base/instant.ts";
import { Timer } from "../base/platform.ts";
import { isNotApplied, type Place } from "../base/problem-errors.ts";
import {
  type Call,
  closed,
  finalRefusal,
  type History,
  isWorthWaiting,
  type Outcome,
  retryMsOf,
  unavailable,
} from "./call.ts";
import { OperationText } from "./operation-text.ts";

interface Deferred {
  settle(outcome: Outcome<unknown>): void;
  fail(error: unknown): void;
}

/** Receives the events of a pending call. */
export interface CallListener {
  /** Its deadline has passed: it ends `GRACE_SECONDS` later at the latest. */
  timeIsOver(call: PendingCall): void;
  /** It has ended, because no answer came by then. */
  hasEnded(call: PendingCall): void;
  isAborted(call: PendingCall): void;
}

/** A call that is sent over a socket until it is answered, ends or takes another route. */
export class PendingCall {
  /** The id of its last or next operation. */
  id: number;
  readonly call: Call;
  /** How often its answer, or the connection, was lost. */
  failures = 0;
  sentAt = 0;
  /** Whether it was sent over the current connection. */
  wasSent = false;
  /** Whether it may wait at the server. */
  isWaiting = false;
  /** Whether it was sent with others in one operation, which has an id of its own. */
  isBatched = false;
  /** Whether it must be sent alone, because it was refused in a batch. */
  mustGoAlone = false;
  /** The answer to its try; it is parked here until it may wait at the server. */
  parkedAnswer: { answer: unknown } | undefined;
  readonly #place: Place;
  readonly #text: OperationText;
  readonly #retryMs: number;
  readonly #deferred: Deferred;
  #wasTried = false;
  #outage: Instant | undefined;
  #timer: Timer | undefined;
  #onAbort: (() => void) | undefined;

  constructor(id: number, call: Call, place: Place, retryMs: number, deferred: Deferred) {
    this.id = id;
    this.call = call;
    this.#place = place;
    this.#text = new OperationText(call);
    this.#retryMs = retryMsOf(call, retryMs);
    this.#deferred = deferred;
  }

  /** Calls the listener when its time has passed and when it is aborted. An abort rejects at once. */
  watch(listener: CallListener): void {
    const { signal, deadline } = this.call;
    const leftMs = deadline?.leftMs ?? Number.POSITIVE_INFINITY;
    if (leftMs !== Number.POSITIVE_INFINITY) {
      this.#timer = new Timer(leftMs, () => {
        this.#timer = new Timer(GRACE_SECONDS * 1_000, () => {
          this.giveUp(new QueueError("No answer came in time", { code: "timeout" }));
          listener.hasEnded(this);
        });
        listener.timeIsOver(this);
      });
    }
    if (signal === undefined) return;
    this.#onAbort = () => {
      listener.isAborted(this);
      this.#end();
      this.#deferred.fail(signal.reason);
    };
    signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Whether it would wait if it were sent now. */
  get mayWait(): boolean {
    const { deadline } = this.call;
    return deadline !== undefined && !deadline.isOver;
  }

  /**
   * The lines to send for it.
   *
   * @param isWaiting false if it is only tried
   */
  takeLines(isWaiting: boolean): string[] {
    this.#wasTaken(performance.now(), isWaiting, false);
    return this.#text.linesOf(this.id, isWaiting);
  }

  /** Whether it may share an operation with others like it, in which it does not wait. */
  get canBatch(): boolean {
    const { messages, idempotencyKey } = this.call;
    return !this.mustGoAlone && idempotencyKey !== undefined && messages?.isSmall === true;
  }

  /** Its parts of an operation that it shares. */
  takeForBatch(now: number): { line: string; key: string; run: MessageRun | undefined } {
    const { messages, idempotencyKey } = this.call;
    this.#wasTaken(now, false, true);
    return { line: messages?.lines[0] as string, key: idempotencyKey as string, run: messages?.runs?.[0] };
  }

  #wasTaken(now: number, isWaiting: boolean, isBatched: boolean): void {
    this.isWaiting = isWaiting;
    this.isBatched = isBatched;
    this.parkedAnswer = undefined;
    this.wasSent = true;
    this.sentAt = now;
  }

  /** Whether this answers a try, and the call must wait now. */
  mustWaitAfter(answer: unknown): boolean {
    return this.mayWait && !this.isWaiting && isWorthWaiting(answer);
  }

  /** The answer came: a reply, or the error that a problem stands for. */
  conclude(answer: unknown): void {
    if (answer instanceof QueueError) this.refuse(answer);
    else this.settle(answer);
  }

  settle(reply: unknown): void {
    this.#end();
    this.#deferred.settle({ value: reply, isRepeated: this.#wasTried });
  }

  refuse(error: QueueError): void {
    this.#end();
    this.#deferred.fail(finalRefusal(this.call, error, this.#wasTried));
  }

  /** It cannot be sent at once: its outage begins. */
  waitForConnection(): void {
    this.#outage ??= instant();
  }

  /**
   * It was sent, and its answer is lost, or it was refused for now. False if the call has ended by that.
   *
   * @param heardAt when the last frame came over its connection
   */
  lose(cause: Error, heardAt = 0): boolean {
    // A wait that went on over a connection that worked is not part of an outage.
    if (this.isWaiting && heardAt > this.sentAt) this.#outage = undefined;
    this.wasSent = false;
    this.isWaiting = false;
    this.#wasTried ||= !isNotApplied(cause);
    this.failures += 1;
    if ((this.call.isRepeatable ?? true) || !this.#wasTried) return this.fail(cause);
    this.giveUp(cause);
    return false;
  }

  /** The server could not be reached. False if the call has ended, because the outage lasts too long. */
  fail(cause: Error): boolean {
    this.#outage ??= instant();
    if (msSince(this.#outage) < this.#retryMs) return true;
    this.giveUp(cause);
    return false;
  }

  /** As `fail`, during a try to connect: a call without retries waits for the end of that try. */
  failInTry(cause: Error): boolean {
    return this.#retryMs === 0 || this.fail(cause);
  }

  giveUp(cause: Error): void {
    this.#end();
    this.#deferred.fail(unavailable(this.#place, this.#outage, this.#mayBeApplied, cause));
  }

  /** The route was closed. */
  close(): void {
    this.#end();
    this.#deferred.fail(closed(this.#place, this.#mayBeApplied));
  }

  /** What another route needs to know of it. */
  get history(): History {
    return { wasTried: this.#wasTried, outage: this.#outage };
  }

  /** Continues on another route. */
  goOn(send: (call: Call, history: History) => Promise<Outcome<unknown>>): void {
    this.#end();
    send(this.call, this.history).then(this.#deferred.settle, this.#deferred.fail);
  }

  get #mayBeApplied(): boolean {
    return this.#wasTried || this.wasSent;
  }

  #end(): void {
    this.#timer?.clear();
    if (this.#onAbort !== undefined) this.call.signal?.removeEventListener("abort", this.#onAbort);
  }
}
