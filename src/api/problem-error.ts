import { type FieldError, PROBLEMS, type Problem, type ProblemCode } from "../contract/problems.ts";

/** Thrown where a request is looked at, to answer it with a problem. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[] | undefined;

  constructor(code: ProblemCode, detail: string, errors?: FieldError[]) {
    super(detail);
    this.code = code;
    this.errors = errors;
  }
}

/** A problem in the words of the interface (RFC 9457). */
export function problemOf(code: ProblemCode, detail: string, errors?: readonly FieldError[]): Problem {
  const { status, title, ...waiting } = PROBLEMS[code];
  const type = `urn:durable-queue:problem:${code}`;
  return { type, title, status, code, detail, ...(errors === undefined ? {} : { errors: [...errors] }), ...waiting };
}
