/**
 * The errors of the client, as classes for `instanceof`. Every one carries the stable `code` of
 * the interface. A mistake in an argument, such as a negative timeout, is a `RangeError` or `TypeError` at once.
 */
import type { FieldError, ProblemCode } from "../../../src/contract/problems.ts";

export type { FieldError };

/** The stable codes of errors: the codes of the server's problems, and those of the client itself. */
export type QueueErrorCode =
  | ProblemCode
  /** No message became visible in time. */
  | "empty"
  /** The manager, queue or worker was closed by its owner. */
  | "closed"
  /** A connection ended. Only as the cause of another error. */
  | "disconnected"
  /**
   * A handler took longer than its `timeoutSeconds`; a job had not ended when the wait for it was over; or no answer came
   * in time, as the cause of another error.
   */
  | "timeout"
  /** An answer that no durable-queue server gives. */
  | "unexpected"
  /** A lease is over: the reason of a message's `signal`. */
  | "lease_lost"
  /** A job has failed: its result does not come. */
  | "job_failed"
  /** A job was cancelled: its result does not come. */
  | "job_cancelled"
  /** The input of a task does not fit its schema. */
  | "invalid_input"
  /** What the handler of a task returned is no result of it. */
  | "invalid_output"
  /** A queue has jobs of a task that the worker does not serve. */
  | "unknown_task"
  /** The thread or process that ran a handler ended before the handler did. */
  | "process_died"
  /** Handlers cannot be run where they are to run: their module cannot be loaded there, or does not have them. */
  | "handler_unusable";

/** The details of an error beside its message. */
export interface ErrorDetails {
  code?: QueueErrorCode | undefined;
  /** The name of the queue. */
  queue?: string | undefined;
  /** The HTTP status of the problem, also where that came over a socket. */
  status?: number | undefined;
  /** Default: by the code. */
  retryable?: boolean | undefined;
  /** The fields at fault, of `Invalid`. */
  errors?: readonly FieldError[] | undefined;
  /** Whether it was there before, of `UnknownMessage`. */
  expired?: boolean | undefined;
  cause?: unknown;
}

/** Errors that pass by themselves, or when another program acts. */
const RETRYABLE: ReadonlySet<QueueErrorCode> = new Set<QueueErrorCode>([
  ...(["full", "paused", "empty", "storage_full", "too_many_waits", "overloaded"] as const),
  ...(["version_mismatch", "unavailable", "internal", "disconnected", "timeout"] as const),
]);

/** The base of all errors of this package. Also thrown itself, for problems without a class of their own. */
export class QueueError extends Error {
  override readonly name: string = "QueueError";
  /** The stable code of what happened. */
  readonly code: QueueErrorCode;
  /** Whether the same call may succeed later, with nothing changed about it. */
  readonly retryable: boolean;
  /** The HTTP status with which the server refused; undefined for errors that the client found itself. */
  readonly status: number | undefined;
  /** The name of the queue; undefined where it is about none. */
  readonly queue: string | undefined;

  /** @param details its `code` is "unexpected" where none is given */
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, "cause" in details ? { cause: details.cause } : undefined);
    this.code = details.code ?? "unexpected";
    this.retryable = details.retryable ?? RETRYABLE.has(this.code);
    this.status = details.status;
    this.queue = details.queue;
  }
}

/** The details with a code, unless they have one. */
function coded(code: QueueErrorCode, details: ErrorDetails): ErrorDetails {
  return { ...details, code: details.code ?? code };
}

/** `get` found no message in time. As Python's `queue.Empty`. */
export class Empty extends QueueError {
  override readonly name = "Empty";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("empty", details));
  }
}

/** `put` found no room in time. As Python's `queue.Full`. */
export class Full extends QueueError {
  override readonly name = "Full";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("full", details));
  }
}

/** `put` waited, or would have to, because puts are paused. */
export class Paused extends QueueError {
  override readonly name = "Paused";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("paused", details));
  }
}

/** The queue was shut down: puts are refused, and gets once nothing is left. As Python's `queue.ShutDown`. */
export class ShutDown extends QueueError {
  override readonly name = "ShutDown";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("shut_down", details));
  }
}

/** The authkey is missing or wrong, or the key has ended. */
export class Unauthorized extends QueueError {
  override readonly name = "Unauthorized";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("unauthorized", details));
  }
}

/** The key does not grant this call, or is not for this queue. Nothing was applied. */
export class Forbidden extends QueueError {
  override readonly name = "Forbidden";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("forbidden", details));
  }
}

/** The server refused the request because it breaks rules. Nothing was applied. */
export class Invalid extends QueueError {
  override readonly name: string = "Invalid";
  /** Each field at fault and the rule that it breaks. */
  readonly errors: readonly FieldError[];

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("invalid", details));
    this.errors = details.errors ?? [];
  }
}

/** A message, a batch or a request is larger than the limits allow. Nothing was applied. */
export class TooLarge extends Invalid {
  override readonly name = "TooLarge";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("too_large", details));
  }
}

/** The queue does not exist: it was never put to or configured, or it was deleted. */
export class UnknownQueue extends QueueError {
  override readonly name = "UnknownQueue";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("unknown_queue", details));
  }
}

/** The order of a queue was to be changed while it held messages. */
export class OrderConflict extends QueueError {
  override readonly name = "OrderConflict";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("order_conflict", details));
  }
}

/** The queue's storage is nearly full, so puts are refused. Receives and acks go on. */
export class StorageFull extends QueueError {
  override readonly name = "StorageFull";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("storage_full", details));
  }
}

/** The message is not in the queue: it was never put, or it is done. */
export class UnknownMessage extends QueueError {
  override readonly name = "UnknownMessage";
  /** Of a job: whether it was in the queue, and nothing of it is kept any more. */
  readonly expired: boolean;

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("unknown_message", details));
    this.expired = details.expired ?? false;
  }
}

/** The message is not visible or delayed, so that it cannot be changed: it is leased, dead or on its way elsewhere. */
export class NotWaiting extends QueueError {
  override readonly name = "NotWaiting";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("not_waiting", details));
  }
}

/** `taskDone` was called more often than messages were put. As the `ValueError` of Python's `task_done`. */
export class DoneTooOften extends QueueError {
  override readonly name = "DoneTooOften";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("done_too_often", details));
  }
}

/** An idempotency key was used again, for something else. Nothing was applied. */
export class IdempotencyKeyReused extends QueueError {
  override readonly name = "IdempotencyKeyReused";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("idempotency_key_reused", details));
  }
}

/**
 * The server could not be reached, or failed, until the call's own time or `retrySeconds` was over. The message says
 * whether the call may have been applied; a put can be repeated safely under the same `idempotencyKey`.
 */
export class Unavailable extends QueueError {
  override readonly name = "Unavailable";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("unavailable", details));
  }
}

/** The manager, or the worker, was closed by its owner: before or during the call. */
export class Closed extends QueueError {
  override readonly name = "Closed";
  constructor(message: string, details: ErrorDetails = {}) {
    super(message, coded("closed", details));
  }
}

/** Errors that have the frames of their caller already. */
const traced = new WeakSet<Error>();

/** Parts of `Error` that not every runtime has. */
interface StackClass {
  captureStackTrace?: (holder: object, above: unknown) => void;
  stackTraceLimit?: number;
}

/** How many stack frames are searched for those of the caller. */
const FRAMES_MAX = 50;

/**
 * The same error, with the lines of the program that waits for the call at the end of its stack: an error that comes
 * from a connection has only frames of this package. Call it in the `catch` of an async function, before it awaits
 * anything else. Does nothing for what is not an `Error`, nor for an error that has them already.
 */
export function withCaller(error: unknown): unknown {
  const { captureStackTrace, stackTraceLimit: limit = 10 } = Error as StackClass;
  if (!(error instanceof Error) || traced.has(error) || captureStackTrace === undefined) return error;
  traced.add(error);
  const holder: { stack?: string } = {};
  try {
    (Error as StackClass).stackTraceLimit = FRAMES_MAX;
    captureStackTrace(holder, withCaller);
  } finally {
    (Error as StackClass).stackTraceLimit = limit;
  }
  const own = ownFolder();
  const frames = (holder.stack ?? "").split("\n").slice(1);
  const theirs = frames.filter((frame) => own === undefined || !frame.includes(own)).slice(0, limit);
  if (theirs.length > 0) error.stack = [error.stack ?? String(error), ...theirs].join("\n");
  return error;
}

/** Where the files of this package are; undefined where it was bundled together with others. */
function ownFolder(): string | undefined {
  return /^(.*\/)base\/errors\.[jt]s$/.exec((import.meta as { url?: string }).url ?? "")?.[1];
}
