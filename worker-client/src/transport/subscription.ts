import type { ReplyOf, RequestOf, ServerLine } from "../../../src/api/types.ts";
import { CREDIT_MAX, RECEIPTS_MAX } from "../../../src/contract/limits.ts";
import type { Problem } from "../../../src/contract/problems.ts";
import { chunksOf } from "../base/chunks.ts";
import { type Instant, instant } from "../base/instant.ts";
import type { Timer } from "../base/platform.ts";
import { errorOf, isFinal, type Place } from "../base/problem-errors.ts";
import { retryLater } from "../base/retry.ts";
import type { SubscriptionListener } from "./subscription-listener.ts";

/** A listener to which messages are pushed, and its operations on the current connection. */
export class Subscription {
  listener: SubscriptionListener | undefined;
  readonly #place: Place;
  readonly #tryLater: (request: RequestOf<"subscribe">) => void;
  /** Credit that is not sent yet. */
  #granted: RequestOf<"subscribe"> | undefined;
  /** Operations that grant credit and are not answered, and when they were sent. */
  readonly #grants = new Map<number, { sentAt: Instant; request: RequestOf<"subscribe"> }>();
  #unsubscribing: { id: number | undefined; since: number } | undefined;
  /** Timers of credit that the server refused for the time being. */
  readonly #later = new Set<Timer>();

  /** @param tryLater called with that credit when it can be granted again */
  constructor(place: Place, tryLater: (request: RequestOf<"subscribe">) => void) {
    this.#place = place;
    this.#tryLater = tryLater;
  }

  /** Adds credit to what is sent next. */
  grant({ credit, leaseSeconds }: RequestOf<"subscribe">): void {
    const sum = credit + (this.#granted?.credit ?? 0);
    this.#granted = { credit: sum, leaseSeconds: leaseSeconds ?? this.#granted?.leaseSeconds };
  }

  unsubscribe(): void {
    this.#forgetGranted();
    this.#unsubscribing = { id: undefined, since: performance.now() };
  }

  /** Since when an `unsubscribe` is not answered; undefined if there is none. */
  get unsubscribingSince(): number | undefined {
    return this.#unsubscribing?.since;
  }

  /** The lines to send. */
  takeLines(nextId: () => number): string[] {
    const lines: string[] = [];
    const { credit, leaseSeconds } = this.#granted ?? { credit: 0 };
    this.#granted = undefined;
    for (let left = credit; left > 0; left -= CREDIT_MAX) {
      const request: RequestOf<"subscribe"> = { credit: Math.min(left, CREDIT_MAX), leaseSeconds };
      const id = nextId();
      this.#grants.set(id, { sentAt: instant(), request });
      lines.push(JSON.stringify({ id, verb: "subscribe", request }));
    }
    if (this.#unsubscribing !== undefined && this.#unsubscribing.id === undefined) {
      this.#unsubscribing.id = nextId();
      lines.push(JSON.stringify({ id: this.#unsubscribing.id, verb: "unsubscribe" }));
    }
    return lines;
  }

  /** Whether an operation with this id is not answered. */
  has(id: number): boolean {
    return this.#grants.has(id) || this.#unsubscribing?.id === id;
  }

  /** True if this answers one of its operations. */
  answer(line: Extract<ServerLine, { id: number }>): boolean {
    const grant = this.#grants.get(line.id);
    if (grant !== undefined) {
      this.#grants.delete(line.id);
      if ("reply" in line) this.listener?.granted(line.reply as ReplyOf<"subscribe">, grant.sentAt);
      else this.#refuse(line.problem, grant.request);
      return true;
    }
    if (this.#unsubscribing?.id !== line.id) return false;
    this.#unsubscribing = undefined;
    this.listener?.unsubscribed();
    return true;
  }

  #refuse(problem: Problem, request: RequestOf<"subscribe">): void {
    const error = errorOf(problem, this.#place);
    if (isFinal(problem.status, error)) this.listener?.ended(error);
    else this.#grantLater(request);
  }

  #grantLater(request: RequestOf<"subscribe">): void {
    const again = () => {
      this.#later.delete(timer);
      this.#tryLater(request);
    };
    const timer: Timer = retryLater(1, again, false);
    this.#later.add(timer);
  }

  #forgetGranted(): void {
    this.#granted = undefined;
    for (const timer of this.#later) timer.clear();
    this.#later.clear();
  }

  /** The connection is gone. */
  clear(): void {
    this.#forgetGranted();
    this.#grants.clear();
    this.#unsubscribing = undefined;
  }
}

/** The lines of `begin` operations for these deliveries. */
export function beginLines(receipts: readonly string[], nextId: () => number): string[] {
  return [...chunksOf(receipts, RECEIPTS_MAX)].map((some) => {
    return JSON.stringify({ id: nextId(), verb: "begin", request: { receipts: some } });
  });
}
