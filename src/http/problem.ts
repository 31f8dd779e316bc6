import { type FieldError, PROBLEMS, type Problem, type ProblemCode } from "../contract/problems.ts";

/** Thrown by a handler to answer with a problem. */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly errors: FieldError[] | undefined;

  constructor(code: ProblemCode, detail: string, errors?: FieldError[]) {
    super(detail);
    this.code = code;
    this.errors = errors;
  }
}

/** The answer for a problem: RFC 9457, with the headers that go with its code. */
export function problemResponse({ code, message, errors }: ProblemError): Response {
  const { status, title } = PROBLEMS[code];
  const problem: Problem = {
    type: `urn:durable-queue:problem:${code}`,
    title,
    status,
    code,
    detail: message,
    ...(errors === undefined ? {} : { errors }),
  };
  const headers = new Headers({ "Content-Type": "application/problem+json" });
  if (code === "unauthorized") headers.set("WWW-Authenticate", 'Bearer realm="durable-queue"');
  if (status === 503) headers.set("Retry-After", "1");
  return new Response(JSON.stringify(problem), { status, headers });
}
