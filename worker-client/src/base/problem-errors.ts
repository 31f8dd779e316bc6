import type { Problem } from "../../../src/contract/problems.ts";
import {
  Closed,
  DoneTooOften,
  type ErrorDetails,
  Forbidden,
  Full,
  IdempotencyKeyReused,
  Invalid,
  NotWaiting,
  OrderConflict,
  Paused,
  QueueError,
  type QueueErrorCode,
  ShutDown,
  StorageFull,
  TooLarge,
  Unauthorized,
  Unavailable,
  UnknownMessage,
  UnknownQueue,
} from "./errors.ts";

/** The server and the queue that a problem comes from, for the message. */
export interface Place {
  address: string;
  /** Undefined for a request about the server and no queue. */
  queue?: string | undefined;
  /** What to look at if it does not answer. Default: whether it runs, and is there. */
  advice?: string | undefined;
}

/** The classes of errors, by the code of the problem that they stand for. */
const CLASSES: Partial<Record<string, new (message: string, details: ErrorDetails) => QueueError>> = {
  closed: Closed,
  full: Full,
  paused: Paused,
  shut_down: ShutDown,
  storage_full: StorageFull,
  unauthorized: Unauthorized,
  forbidden: Forbidden,
  invalid: Invalid,
  too_large: TooLarge,
  unknown_queue: UnknownQueue,
  unknown_message: UnknownMessage,
  not_waiting: NotWaiting,
  order_conflict: OrderConflict,
  done_too_often: DoneTooOften,
  idempotency_key_reused: IdempotencyKeyReused,
  unavailable: Unavailable,
} satisfies Partial<Record<QueueErrorCode, unknown>>;

/** The error that stands for a problem which the server answered with. */
export function errorOf(problem: Problem, place: Place): QueueError {
  const { code, status, errors, expired } = problem;
  const details: ErrorDetails = { code, status, queue: place.queue, errors, expired };
  return new (CLASSES[code] ?? QueueError)(messageOf(problem, place), details);
}

/** The error of a code, of the class that stands for it. */
export function errorOfCode(code: string, message: string, details: ErrorDetails): QueueError {
  return new (CLASSES[code] ?? QueueError)(message, { ...details, code: code as QueueErrorCode });
}

function messageOf({ code, detail }: Problem, { address, queue }: Place): string {
  if (code === "unauthorized") {
    // Of a key that the server knows it says what is wrong with it.
    const reason = detail.startsWith("The key ") ? `: ${detail}` : ".";
    return `${address} refused the authkey${reason} Set DURABLE_QUEUE_AUTHKEY, or the option authkey, to the key of this server.`;
  }
  if (queue === undefined || detail.includes(queue)) return detail;
  if (detail.startsWith("The queue ")) return `The queue ${queue} ${detail.slice("The queue ".length)}`;
  return `${detail.replace(/\.$/, "")} (queue ${queue}).`;
}

/** Whether this has the form of a problem of the server. */
export function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { code, detail, status } = value as Partial<Record<keyof Problem, unknown>>;
  return typeof code === "string" && typeof detail === "string" && typeof status === "number";
}

/** The problem in an answer; undefined if it is not of a durable-queue server, as the error page of a proxy. */
export function problemIn(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isProblem(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Statuses below 500 with which a proxy in between asks for another try. */
const PASSING_STATUSES: readonly number[] = [408, 425, 429];

/** Whether to try again after an answer that is not of a durable-queue server. */
export function isPassing(status: number): boolean {
  return status >= 500 || PASSING_STATUSES.includes(status);
}

/** Problems with a 5xx status that trying again does not help. */
const FINAL_CODES: readonly string[] = ["no_authkey", "misconfigured", "storage_full", "damaged", "newer_data"];

/** Problems after which another try helps although the request was certainly not applied. */
const NOT_APPLIED_CODES: readonly string[] = ["version_mismatch", "overloaded"];

/** Whether the try that failed so was certainly not applied. */
export function isNotApplied(cause: unknown): boolean {
  return cause instanceof QueueError && NOT_APPLIED_CODES.includes(cause.code);
}

/** Whether a problem ends a call. After any other problem the call is tried again. */
export function isFinal(status: number, error: QueueError): boolean {
  return status < 500 || FINAL_CODES.includes(error.code);
}
