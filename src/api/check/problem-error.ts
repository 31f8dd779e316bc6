import { type FieldError, PROBLEMS, type Problem, type ProblemCode } from "../../contract/problems.ts";

/** Thrown while a request is checked or served: the request is answered with this problem. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  /** The rules that the request breaks; undefined if the problem is not about fields. */
  readonly errors: FieldError[] | undefined;
  /** Of an unknown message: whether the queue had it. */
  readonly expired: boolean | undefined;
  /** Whether the request has fields that its schema does not know. */
  hasUnknownFields = false;
  /** The least time before another try, in seconds; undefined for that of the code. */
  retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, detail: string, errors?: FieldError[], expired?: boolean) {
    super(detail);
    this.code = code;
    this.errors = errors;
    this.expired = expired;
  }
}

/**
 * The problem of a request that breaks one rule.
 *
 * @param path names the field, as in `messages[2].delaySeconds`; empty for the request itself
 * @param rule continues the sentence that begins with the path, without a full stop: "must be another queue"
 */
export function invalid(path: string, rule: string): ProblemError {
  return fieldProblem("invalid", path, rule);
}

/** The problem of a request of which one part is too large. The parameters are those of `invalid`. */
export function tooLarge(path: string, rule: string): ProblemError {
  return fieldProblem("too_large", path, rule);
}

function fieldProblem(code: ProblemCode, path: string, rule: string): ProblemError {
  return new ProblemError(code, sentenceOf({ path, message: rule }), [{ path, message: rule }]);
}

/** One broken rule as a sentence. */
export function sentenceOf({ path, message }: FieldError): string {
  return `${path === "" ? "The request" : path} ${message}${message.endsWith("?") ? "" : "."}`;
}

/** What few problems have beside their sentence. */
interface ProblemParts {
  errors?: FieldError[] | undefined;
  expired?: boolean | undefined;
  retryAfterSeconds?: number | undefined;
}

/** A problem in the form of the interface (RFC 9457). */
export function problemOf(code: ProblemCode, detail: string, given: ProblemParts = {}): Problem {
  const { errors, expired, retryAfterSeconds } = given;
  const { status, title, ...waiting } = PROBLEMS[code];
  const type = `urn:durable-queue:problem:${code}`;
  const parts = { ...(errors === undefined ? {} : { errors }), ...(expired === undefined ? {} : { expired }) };
  const own = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  return { type, title, status, code, detail, ...parts, ...waiting, ...own };
}
