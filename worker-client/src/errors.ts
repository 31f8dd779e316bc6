/**
 * What goes wrong, as classes that callers can tell apart with `instanceof`. Every one carries the stable `code` of
 * the interface. A mistake in an argument, such as a negative timeout, is a `RangeError` or `TypeError` at once.
 */
import type { FieldError, Problem, ProblemCode } from "../../src/contract/problems.ts";

export type { FieldError };

/** The base of all errors of this package. Also thrown itself, for problems that have no class of their own. */
export class QueueError extends Error {
  override readonly name: string = "QueueError";
  /** What happened, in a word that does not change. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** `get` found no message in time. As Python's `queue.Empty`. */
export class Empty extends QueueError {
  override readonly name = "Empty";
  constructor(queue: string) {
    super("empty", `No message became visible in ${queue} in time.`);
  }
}

/** `put` found no room in time. As Python's `queue.Full`. */
export class Full extends QueueError {
  override readonly name = "Full";
}

/** `put` waited, or would have to, because puts are paused. */
export class Paused extends QueueError {
  override readonly name = "Paused";
}

/** The queue was shut down: puts are refused, and gets once nothing is left. As Python's `queue.ShutDown`. */
export class ShutDown extends QueueError {
  override readonly name = "ShutDown";
}

/** The authkey is missing or wrong. */
export class Unauthorized extends QueueError {
  override readonly name = "Unauthorized";
}

/** The server refused the request because it breaks rules. Nothing was applied. */
export class Invalid extends QueueError {
  override readonly name: string = "Invalid";
  /** Each field at fault and the rule that it breaks. */
  readonly errors: readonly FieldError[];

  constructor(code: string, message: string, errors: readonly FieldError[] = []) {
    super(code, message);
    this.errors = errors;
  }
}

/** A message, a batch or a request is larger than the limits allow. Nothing was applied. */
export class TooLarge extends Invalid {
  override readonly name = "TooLarge";
}

/** The queue does not exist: nobody has put to it or configured it, or it was deleted. */
export class UnknownQueue extends QueueError {
  override readonly name = "UnknownQueue";
}

/** The order of a queue was to be changed while it held messages. */
export class OrderConflict extends QueueError {
  override readonly name = "OrderConflict";
}

/** The queue's storage is nearly full, so puts are refused. Receives and acks go on. */
export class StorageFull extends QueueError {
  override readonly name = "StorageFull";
}

/** The message is not in the queue: it was never put, or it is done. */
export class UnknownMessage extends QueueError {
  override readonly name = "UnknownMessage";
}

/** `taskDone` was called more often than messages were put. As the `ValueError` of Python's `task_done`. */
export class DoneTooOften extends QueueError {
  override readonly name = "DoneTooOften";
}

/** An idempotency key was used again, for something else. Nothing was applied. */
export class IdempotencyKeyReused extends QueueError {
  override readonly name = "IdempotencyKeyReused";
}

/**
 * The server could not be reached, or failed, for all of `retrySeconds`. Whether the call was applied is not known;
 * a put can be repeated safely under the same `idempotencyKey`.
 */
export class Unavailable extends QueueError {
  override readonly name = "Unavailable";
  constructor(message: string, cause: unknown) {
    super("unavailable", message, { cause });
  }
}

/** The classes that take a code and a sentence, by the code of the problem that they stand for. */
const CLASSES = new Map<string, new (code: string, message: string) => QueueError>([
  ["full", Full],
  ["paused", Paused],
  ["shut_down", ShutDown],
  ["storage_full", StorageFull],
  ["unauthorized", Unauthorized],
  ["unknown_queue", UnknownQueue],
  ["unknown_message", UnknownMessage],
  ["order_conflict", OrderConflict],
  ["done_too_often", DoneTooOften],
  ["idempotency_key_reused", IdempotencyKeyReused],
] satisfies [ProblemCode, unknown][]);

/** The error that stands for a problem which the server answered with. */
export function errorOf({ code, detail, errors }: Problem): QueueError {
  if (code === "invalid") return new Invalid(code, detail, errors);
  if (code === "too_large") return new TooLarge(code, detail, errors);
  return new (CLASSES.get(code) ?? QueueError)(code, detail);
}
