import type { ProblemCode } from "../contract/problems.ts";
import { type ProblemError, problemOf } from "../requests/problem.ts";

/** Only these pass by themselves: the others end when an operator, or whoever uses the queue, has done something. */
const PASSING: ReadonlySet<ProblemCode> = new Set(["unavailable", "overloaded"]);

/** The answer for a problem, with the headers that go with its code. */
export function problemResponse({ code, message, errors }: ProblemError): Response {
  const problem = problemOf(code, message, errors);
  const headers = new Headers({ "Content-Type": "application/problem+json" });
  if (code === "unauthorized") headers.set("WWW-Authenticate", 'Bearer realm="durable-queue"');
  if (code === "upgrade_required") headers.set("Upgrade", "websocket");
  if (PASSING.has(code)) headers.set("Retry-After", "1");
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
