import type { Verb } from "../../src/contract/endpoints.ts";
import { IDEMPOTENCY_SECONDS } from "../../src/contract/limits.ts";
import type { SubscribeRequest } from "../../src/contract/socket.ts";
import type { Deadline } from "./deadline.ts";
import { Full, Paused, type QueueError, Unavailable } from "./errors.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Subscriber } from "./subscriber.ts";

/** Something to be asked of a queue, whichever way it takes. */
export interface Call {
  verb: Verb;
  request?: Record<string, unknown> | undefined;
  /** What a put puts. */
  messages?: Outgoing | undefined;
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

/** What of a call decides how often it is tried. */
export interface Terms extends Pick<Call, "idempotencyKey" | "isRepeatable" | "signal"> {
  /** Whether an abort lets the try end that is under way, so that its answer is known. Default false. */
  letsTryEnd?: boolean;
}

export interface Outcome<Value> {
  value: Value;
  /** True when an earlier try may have been applied although its answer was lost. */
  isRepeated: boolean;
}

/** A way to one queue. */
export interface Route {
  /**
   * Sends a call until it has an answer. A 4xx is an answer: certainly not applied. Anything else that is not a
   * success is unknown, and the call is sent again, for `retrySeconds` at most; then it throws `Unavailable`.
   */
  send<Value>(call: Call): Promise<Outcome<Value>>;
  /** Ends its connections, if it has any. */
  close(): void;
  /** How messages are pushed; undefined where they can only be asked for. */
  readonly pushes?: Pushes | undefined;
}

/** A way on which messages are pushed to one subscriber. */
export interface Pushes {
  /** Whether no socket can be had for the time being, so that messages must be asked for. */
  readonly isOnHttp: boolean;
  /** The subscriber is told when it can grant credit. */
  subscribe(subscriber: Subscriber): void;
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
export function retryMsOf({ idempotencyKey }: Terms, retryMs: number): number {
  return idempotencyKey === undefined ? retryMs : Math.min(retryMs, KEYED_RETRY_MS);
}

/** Problems with a 5xx status that trying again does not help. */
const FINAL_CODES: readonly string[] = ["no_authkey", "misconfigured", "storage_full", "damaged"];

/** Whether a problem is the end of a call, or one after which nobody knows. */
export function isFinal(status: number, error: QueueError): boolean {
  return status < 500 || FINAL_CODES.includes(error.code);
}

/** Whether what came is what a wait is for: nothing that was to be had, or no room. */
export function isInVain(outcome: unknown): boolean {
  if (outcome instanceof Full || outcome instanceof Paused) return true;
  const { messages, finished } = outcome as { messages?: unknown[]; finished?: boolean };
  return finished === false || messages?.length === 0;
}

/** Refusals that say how things stand at the time: an earlier try, still on its way, may be taken. */
const PASSING_CODES: readonly string[] = [
  ...["full", "storage_full", "paused", "shut_down", "done_too_often", "unknown_queue"],
];

/** What a caller is to be told where the last of his tries was refused. */
export function refusalOf({ idempotencyKey }: Terms, refusal: QueueError, isRepeated: boolean): QueueError {
  const isCertain = idempotencyKey === undefined || !isRepeated || !PASSING_CODES.includes(refusal.code);
  if (isCertain) return refusal;
  return new Unavailable(`The answer to an earlier try was lost. ${refusal.message}`, refusal);
}

/** What a caller is to be told where all of his tries have failed. */
export function unavailable(address: string, outageMs: number, cause: unknown): Unavailable {
  const seconds = (outageMs / 1_000).toFixed(1);
  return new Unavailable(`${address} could not be reached, or failed, for ${seconds} seconds.`, cause);
}
