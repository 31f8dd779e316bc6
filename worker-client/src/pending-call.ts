import type { MessageRun } from "../../src/contract/socket.ts";
import { type Call, isInVain, type Outcome, refusalOf, retryMsOf, unavailable } from "./call.ts";
import type { QueueError } from "./errors.ts";
import type { HttpRoute } from "./http-route.ts";

interface Settlers {
  settle(outcome: Outcome<unknown>): void;
  fail(error: unknown): void;
}

/** Whoever sends a call. */
export interface Watcher {
  timeIsOver(call: PendingCall): void;
  isAborted(call: PendingCall): void;
}

/** A call that is on its way over a socket, maybe not for the first time. */
export class PendingCall {
  readonly id: number;
  readonly call: Call;
  /** How often its answer, or the connection, was lost. */
  failures = 0;
  sentAt = 0;
  /** Whether it was sent over the connection that there is. */
  wasSent = false;
  /** Whether it may be waiting at the server. */
  isWaiting = false;
  /** Whether it was sent with others in one operation, which has an id of its own. */
  isShared = false;
  /** Whether it is to be sent by itself, because with others it was refused. */
  isAlone = false;
  readonly #retryMs: number;
  readonly #settlers: Settlers;
  #wasTried = false;
  #outageBeganAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onAbort: (() => void) | undefined;

  constructor(id: number, call: Call, retryMs: number, settlers: Settlers) {
    this.id = id;
    this.call = call;
    this.#retryMs = retryMsOf(call, retryMs);
    this.#settlers = settlers;
  }

  /** Tells when its wait is over, and when its caller does not want it any more, who is told at once. */
  watch(watcher: Watcher): void {
    const { signal, deadline } = this.call;
    const leftMs = deadline?.leftMs ?? 0;
    if (leftMs > 0 && leftMs < 2 ** 31) this.#timer = setTimeout(() => watcher.timeIsOver(this), leftMs);
    if (signal === undefined) return;
    this.#onAbort = () => {
      watcher.isAborted(this);
      this.#end();
      this.#settlers.fail(signal.reason);
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
   * @param mayWait false where no more may wait at the server: then it is only tried
   */
  takeLines(mayWait: boolean): string[] {
    const { verb, request, messages, idempotencyKey: key } = this.call;
    this.isWaiting = mayWait && this.mayWait;
    this.isShared = false;
    this.wasSent = true;
    this.sentAt = performance.now();
    const fields = this.isWaiting ? { ...request, wait: true } : request;
    if (messages === undefined) return [JSON.stringify({ id: this.id, verb, request: fields, key })];
    const runs = messages.runs;
    const put = runs === undefined ? fields : { ...fields, messages: runs };
    return [JSON.stringify({ id: this.id, verb, request: put, key, lines: messages.count }), ...messages.lines];
  }

  /** Whether it may share an operation with others like it, in which it does not wait. */
  get mayShare(): boolean {
    const { messages, idempotencyKey } = this.call;
    return !this.isAlone && idempotencyKey !== undefined && messages?.isSmall === true;
  }

  /** What to send for it in an operation that it shares. */
  takeShare(now: number): { line: string; key: string; run: MessageRun | undefined } {
    const { messages, idempotencyKey } = this.call;
    this.isWaiting = false;
    this.isShared = true;
    this.wasSent = true;
    this.sentAt = now;
    return { line: messages?.lines[0] as string, key: idempotencyKey as string, run: messages?.runs?.[0] };
  }

  /** Whether the answer is that of a try, and it is to wait. */
  mustWaitAfter(outcome: unknown): boolean {
    return this.mayWait && !this.isWaiting && isInVain(outcome);
  }

  settle(reply: unknown): void {
    this.#end();
    this.#settlers.settle({ value: reply, isRepeated: this.#wasTried });
  }

  refuse(error: QueueError): void {
    this.#end();
    this.#settlers.fail(refusalOf(this.call, error, this.#wasTried));
  }

  /**
   * It was sent, and its answer is lost. False if that is its end.
   *
   * @param heardAt when something was last heard over its connection
   */
  lose(address: string, cause: Error, heardAt = 0): boolean {
    // A wait that went on over a connection that worked is not part of an outage.
    if (this.isWaiting && heardAt > this.sentAt) this.#outageBeganAt = undefined;
    this.wasSent = false;
    this.isWaiting = false;
    this.#wasTried = true;
    this.failures += 1;
    if (this.call.isRepeatable ?? true) return this.fail(address, cause);
    this.giveUp(address, cause);
    return false;
  }

  /** The server could not be reached. False if that has gone on for too long. */
  fail(address: string, cause: Error): boolean {
    // Of the wall clock, which goes on while the machine sleeps, as the server's does.
    const now = Date.now();
    this.#outageBeganAt ??= now;
    if (now - this.#outageBeganAt < this.#retryMs) return true;
    this.giveUp(address, cause);
    return false;
  }

  giveUp(address: string, cause: Error): void {
    this.#end();
    this.#settlers.fail(unavailable(address, Date.now() - (this.#outageBeganAt ?? Date.now()), cause));
  }

  /** Goes on over HTTP. */
  handOver(http: HttpRoute): void {
    this.#end();
    http.send(this.call, this.#wasTried).then(this.#settlers.settle, this.#settlers.fail);
  }

  #end(): void {
    clearTimeout(this.#timer);
    if (this.#onAbort !== undefined) this.call.signal?.removeEventListener("abort", this.#onAbort);
  }
}
