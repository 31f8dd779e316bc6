import { type ProblemError, problemOf } from "../api/check/problem-error.ts";

/** The response for a problem, with the headers that belong to its code. */
export function problemResponse(error: ProblemError): Response {
  const { code, message } = error;
  const problem = problemOf(code, message, error);
  const headers = new Headers({ "Content-Type": "application/problem+json" });
  if (code === "unauthorized") headers.set("WWW-Authenticate", 'Bearer realm="durable-queue"');
  if (code === "upgrade_required") headers.set("Upgrade", "websocket");
  if (problem.retryAfterSeconds !== undefined) headers.set("Retry-After", String(problem.retryAfterSeconds));
  return new Response(JSON.stringify(problem), { status: problem.status, headers });
}
