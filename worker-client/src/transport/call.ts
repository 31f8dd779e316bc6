import type { Verb } from "../../../src/contract/endpoints.ts";
import { IDEMPOTENCY_SECONDS } from "../../../src/contract/limits.ts";
import type { SubscribeRequest } from "../../../src/contract/socket.ts";
import type { Deadline } from "../base/deadline.ts";
import { Closed, Full, Paused, QueueError, Unavailable } from "../base/errors.ts";
import { type Instant, msSince } from "../base/instant.ts";
import type { Place } from "../base/problem-errors.ts";
import type { PutMessages } from "./put-messages.ts";
import type { SubscriptionListener } from "./subscription-listener.ts";

/** Something to be asked of a queue, whichever way it takes. */
export interface Call {
  verb: Verb;
  request?: Record<string, unknown> | undefined;
  /** What a put puts. */
  messages?: PutMessages | undefined;
  /** Until when the queue may let it wait. Undefined for what does not wait. */
  deadline?: Deadline | undefined;
  /** Under which the server recognizes a try that it has applied already. */
  idempotencyKey?: string | undefined;
  /** False for what must not be applied twice. Default true. */
  isRepeatable?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** For how long it is sent again while the server cannot be reached or fails. Default: what the manager was told. */
  retrySeconds?: number | undefined;
}

/** What of a call decides how often it is tried, and until when. */
export interface RetryPolicy
  extends Pick<Call, "idempotencyKey" | "isRepeatable" | "signal" | "deadline" | "retrySeconds"> {
  /** Whether an abort lets the try end that is under way, so that its answer is known. Default false. */
  letsTryEnd?: boolean;
}

export interface Outcome<Value> {
  value: Value;
  /** True when an earlier try may have been applied although its answer was lost. */
  isRepeated: boolean;
}

/** What has become of a call before it takes another way. */
export interface History {
  /** Whether it was tried, and its answer lost. */
  wasTried: boolean;
  /** Since when the server cannot be reached, or fails. */
  outage: Instant | undefined;
}

/** A way to one queue. */
export interface Route {
  /**
   * Sends a call until it has an answer. A 4xx is an answer: certainly not applied. Anything else that is not a
   * success is unknown, and the call is sent again, for `retrySeconds` at most; then it throws `Unavailable`. A call
   * with a deadline has ended `GRACE_SECONDS` after it in any case. After `close` every call throws `Closed`.
   */
  send<Value>(call: Call): Promise<Outcome<Value>>;
  /** Ends its connections, if it has any. */
  close(): void;
  /** The server and the queue, for messages. */
  readonly place: Place;
  /** How messages are pushed; undefined where they can only be asked for. */
  readonly pushes?: Pushes | undefined;
}

/** A way on which messages are pushed to one subscriber. */
export interface Pushes {
  /** Whether no socket can be had for the time being, so that messages must be asked for. */
  readonly isOnHttp: boolean;
  /** The subscriber is told when it can grant credit. */
  subscribe(listener: SubscriptionListener): void;
  /** Lets so many more messages be pushed. False while there is no connection: the subscriber is told when there is. */
  grant(request: SubscribeRequest): boolean;
  /**
   * Says that handlers begin with these deliveries. When this returns it is on its way, in one frame with all calls that
   * were made before: a handler that ends the process cannot keep it back.
   */
  begin(receipts: readonly string[]): void;
  /** The subscriber is told when nothing will come any more. */
  unsubscribe(): void;
  /** Gives the connection up and opens another one, on which everything that is not answered is sent again. */
  restart(): void;
}

/** For how long a call is repeated under one key. The server forgets a key `IDEMPOTENCY_SECONDS` after its first use. */
const KEYED_RETRY_MS = (IDEMPOTENCY_SECONDS - 60) * 1_000;

/** For how long a call is sent again, from its first failure on. */
export function retryMsOf({ idempotencyKey, retrySeconds }: RetryPolicy, managerMs: number): number {
  const retryMs = retrySeconds === undefined ? managerMs : retrySeconds * 1_000;
  return idempotencyKey === undefined ? retryMs : Math.min(retryMs, KEYED_RETRY_MS);
}

/** Whether what came is what a wait is for: nothing that was to be had, or no room. */
export function isWorthWaiting(outcome: unknown): boolean {
  if (outcome instanceof Full || outcome instanceof Paused) return true;
  const { messages, finished } = outcome as { messages?: unknown[]; finished?: boolean };
  return finished === false || messages?.length === 0;
}

/** Refusals that say how things stand at the time: an earlier try, still on its way, may be taken. */
const PASSING_CODES: readonly string[] = [
  ...["full", "storage_full", "paused", "shut_down", "done_too_often", "unknown_queue"],
];

/** What a caller is to be told where the last of the tries was refused. */
export function finalRefusal({ idempotencyKey }: RetryPolicy, refusal: QueueError, isRepeated: boolean): QueueError {
  const isCertain = idempotencyKey === undefined || !isRepeated || !PASSING_CODES.includes(refusal.code);
  if (isCertain) return refusal;
  const message = `The answer to an earlier try was lost, so that it is not known whether this was applied. ${refusal.message}`;
  return new Unavailable(message, { queue: refusal.queue, status: refusal.status, cause: refusal });
}

/** Outages shorter than this are not worth a number. */
const SHORT_MS = 1_000;

/**
 * What a caller is to be told where all tries have failed.
 *
 * @param outage since when the server cannot be reached, or fails
 * @param mayBeApplied whether a try may have come to the server
 */
export function unavailable(
  { address, queue }: Place,
  outage: Instant | undefined,
  mayBeApplied: boolean,
  cause: unknown,
): Unavailable {
  const outageMs = outage === undefined ? 0 : msSince(outage);
  const time = outageMs < SHORT_MS ? "" : ` for ${(outageMs / 1_000).toFixed(1)} seconds`;
  const reason = cause instanceof Error ? ` (${textOf(cause)})` : "";
  const outcome = mayBeApplied ? "It is not known whether this was applied" : "This was not sent";
  const about = queue === undefined ? "" : ` Queue: ${queue}.`;
  const message = `${address} could not be reached, or did not answer${time}${reason}. ${outcome}.${about}`;
  return new Unavailable(message, { queue, cause });
}

/** The innermost reason, for `fetch` says only that it failed. */
function textOf(cause: Error): string {
  const inner = cause.cause instanceof Error && !(cause instanceof QueueError) ? cause.cause : cause;
  const text = inner.message === "" ? String((inner as { code?: unknown }).code ?? inner.name) : inner.message;
  return text.replace(/\.$/, "");
}

/** What a caller is to be told where its way was closed, before the call or while it was under way. */
export function closed({ queue }: Place, mayBeApplied: boolean): Closed {
  const outcome = mayBeApplied ? "It is not known whether this was applied" : "This was not sent";
  return new Closed(`The connection was closed by its owner. ${outcome}.`, { queue });
}
