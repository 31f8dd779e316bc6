import type { JobReply, RequestOf, UnknownJobReply, Verb } from "../../../src/api/types.ts";
import { IDEMPOTENCY_SECONDS } from "../../../src/contract/limits.ts";
import type { Deadline } from "../base/deadline.ts";
import { Closed, Full, Paused, QueueError, Unavailable } from "../base/errors.ts";
import { type Instant, msSince } from "../base/instant.ts";
import { isNotApplied, type Place } from "../base/problem-errors.ts";
import type { PutMessages } from "./put-messages.ts";
import type { SubscriptionListener } from "./subscription-listener.ts";

/** One call to a queue, independent of its route. */
export interface Call {
  verb: Verb;
  request?: Record<string, unknown> | undefined;
  /** The messages of a put. */
  messages?: PutMessages | undefined;
  /** The results of an ack, as JSON texts: as many as receipts. */
  results?: readonly string[] | undefined;
  /** Until when the queue may let it wait. Undefined for a call that does not wait. */
  deadline?: Deadline | undefined;
  /** The key under which the server recognizes a try that it has applied already. */
  idempotencyKey?: string | undefined;
  /** False for a call that must not be applied twice. Default true. */
  isRepeatable?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** For how long it is sent again while the server cannot be reached or fails. Default: the manager's. */
  retrySeconds?: number | undefined;
}

/** The fields of a call that decide how often it is tried, and until when. */
export interface RetryPolicy
  extends Pick<Call, "idempotencyKey" | "isRepeatable" | "signal" | "deadline" | "retrySeconds"> {
  /** Whether an abort lets the current try end, so that its answer is known. Default false. */
  letsTryEnd?: boolean;
}

/** The reply to a call. */
export interface Outcome<Value> {
  value: Value;
  /** True when an earlier try may have been applied although its answer was lost. */
  isRepeated: boolean;
}

/** What happened to a call on another route before. */
export interface History {
  /** Whether it was tried and its answer was lost. */
  wasTried: boolean;
  /** Since when the server cannot be reached, or fails. */
  outage: Instant | undefined;
}

/** A route to one queue. */
export interface Route {
  /**
   * Sends a call until it has an answer. A 4xx is an answer: the call was not applied. After any other failure the call
   * is sent again, for `retrySeconds` at most; then it throws `Unavailable`, which says what is known of it. A call
   * with a deadline has ended `GRACE_SECONDS` after it in any case. After `close` every call throws `Closed`.
   */
  send<Value>(call: Call): Promise<Outcome<Value>>;
  /** Ends its connections, if it has any. */
  close(): void;
  /** The server and the queue, for messages. */
  readonly place: Place;
  /** Pushes messages; undefined if they can only be asked for. */
  readonly pushes?: Pushes | undefined;
  /** Tells of jobs; undefined if they can only be asked for. */
  readonly watches?: Watches | undefined;
  /** How many calls may wait at the server over HTTP, of those that ask for jobs. Undefined for any number. */
  readonly pollsMax?: number | undefined;
}

/** How many calls that ask for jobs may wait at the server over HTTP, each on its connection. */
export const HTTP_POLLS_MAX = 20;

/** The routes of a manager to its queues. */
export interface QueueRoutes {
  /** The route to a queue that all its calls share. */
  shared(queue: string): Route;
  /** A separate route to a queue, as each worker has. */
  own(queue: string): Route;
}

/** Pushes messages to one listener. */
export interface Pushes {
  /** Whether no socket can be opened for the time being, so that messages must be asked for. */
  readonly isOnHttp: boolean;
  /** Calls the listener's `connected` when it can grant credit. */
  subscribe(listener: SubscriptionListener): void;
  /** Lets `credit` more messages be pushed. False while there is no connection: `connected` is called when there is. */
  grant(request: RequestOf<"subscribe">): boolean;
  /**
   * Tells the server that handlers begin with these deliveries. When this returns it is sent, in one frame with all
   * calls that were made before: also a handler that ends the process cannot prevent it.
   */
  begin(receipts: readonly string[]): void;
  /** Calls the listener's `unsubscribed` when no message will be pushed any more. */
  unsubscribe(): void;
  /** Gives the connection up and opens another one, on which everything that is not answered is sent again. */
  restart(): void;
}

/** What the server says of jobs by itself, on the connection of a route. */
export interface Watches {
  /** Whether no socket can be opened for the time being, so that jobs must be asked for. */
  readonly isOnHttp: boolean;
  /** Sets the one that is told. */
  listen(listener: WatchListener): void;
}

/** Is told of the jobs that were watched by the verb `watch`. */
export interface WatchListener {
  /** Whether there are any: the connection is kept for them, and the process with it. */
  readonly isWatching: boolean;
  heard(job: JobReply | UnknownJobReply): void;
  /** The server watches nothing any more on this route: its memory, or the connection, is gone. */
  forgotten(): void;
  /** No socket can be opened: jobs must be asked for while the route is on HTTP. */
  unsupported(): void;
  /** The server refused, or the route was closed: nothing comes any more. */
  ended(error: () => Error): void;
}

/**
 * For how long a call is repeated under one key. The server forgets a key `IDEMPOTENCY_SECONDS` after its first use.
 */
const KEYED_RETRY_MS = (IDEMPOTENCY_SECONDS - 60) * 1_000;

/** For how long a call is sent again, from its first failure on. */
export function retryMsOf({ idempotencyKey, retrySeconds }: RetryPolicy, managerMs: number): number {
  const retryMs = retrySeconds === undefined ? managerMs : retrySeconds * 1_000;
  return idempotencyKey === undefined ? retryMs : Math.min(retryMs, KEYED_RETRY_MS);
}

/**
 * Whether a caller with time left would wait on: there was no message or no room, puts are paused, or not all is done.
 */
export function isWorthWaiting(outcome: unknown): boolean {
  if (outcome instanceof Full || outcome instanceof Paused) return true;
  const { messages, finished } = outcome as { messages?: unknown[]; finished?: boolean };
  return finished === false || messages?.length === 0;
}

/** Refusals that hold only at the time: an earlier try that is still being sent may be accepted. */
const PASSING_CODES: readonly string[] = [
  ...["full", "storage_full", "paused", "shut_down", "done_too_often", "unknown_queue"],
];

/** The error for a caller if the last of the tries was refused. */
export function finalRefusal({ idempotencyKey }: RetryPolicy, refusal: QueueError, isRepeated: boolean): QueueError {
  const isCertain = idempotencyKey === undefined || !isRepeated || !PASSING_CODES.includes(refusal.code);
  if (isCertain) return refusal;
  const message = `The answer to an earlier try was lost, so that it is not known whether this was applied. ${refusal.message}`;
  return new Unavailable(message, { queue: refusal.queue, status: refusal.status, cause: refusal });
}

/** The message of a shorter outage contains no duration, in milliseconds. */
const SHORT_MS = 1_000;

/**
 * The error for a caller if all tries have failed.
 *
 * @param outage since when the server cannot be reached, or fails
 * @param mayBeApplied whether a try may have arrived at the server
 */
export function unavailable(
  { address, queue, advice = "Is the server running, and is this its address?" }: Place,
  outage: Instant | undefined,
  mayBeApplied: boolean,
  cause: unknown,
): Unavailable {
  const outageMs = outage === undefined ? 0 : msSince(outage);
  const time = outageMs < SHORT_MS ? "" : ` for ${(outageMs / 1_000).toFixed(1)} seconds`;
  const reason = cause instanceof Error ? ` (${textOf(cause)})` : "";
  const about = queue === undefined ? "" : ` Queue: ${queue}.`;
  if (isNotApplied(cause) && !mayBeApplied) {
    const message = `${address} refused this${time}${reason}. This was certainly not applied.${about} Try again later.`;
    return new Unavailable(message, { queue, cause });
  }
  const outcome = mayBeApplied ? "It is not known whether this was applied" : "This was not sent";
  const message = `${address} could not be reached, or did not answer${time}${reason}. ${outcome}.${about} ${advice}`;
  return new Unavailable(message, { queue, cause });
}

/** The innermost reason: the error of `fetch` itself has none. */
function textOf(cause: Error): string {
  const inner = cause.cause instanceof Error && !(cause instanceof QueueError) ? cause.cause : cause;
  const text = inner.message === "" ? String((inner as { code?: unknown }).code ?? inner.name) : inner.message;
  return text.replace(/\.$/, "");
}

/** The error for a caller whose route was closed before or during the call. */
export function closed({ queue }: Place, mayBeApplied: boolean): Closed {
  const outcome = mayBeApplied ? "It is not known whether this was applied" : "This was not sent";
  return new Closed(`The connection was closed by its owner. ${outcome}.`, { queue });
}
