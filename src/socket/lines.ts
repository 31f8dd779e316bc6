/** The lines that a socket is sent, but for those of puts that share an operation. */
import { type ProblemError, problemOf } from "../api/check/problem-error.ts";
import { knownJobJson } from "../api/forms/job-json.ts";
import type { Reply } from "../api/reply.ts";
import type { JobView, Refusal, UnknownJob } from "../queue/base/commands.ts";

/** The answer to an operation. */
export function replyLine(id: number, reply: Reply): string {
  if (reply.ok) return `{"id":${id},"reply":${reply.json}}`;
  return JSON.stringify({ id, problem: problemOf(reply.code, reply.detail, reply) });
}

/** The answer to an operation that was not submitted. */
export function refusalLine(id: number, error: ProblemError): string {
  return JSON.stringify({ id, problem: problemOf(error.code, error.message, error) });
}

/** The end of the subscription. */
export function endLine({ code, detail }: Refusal): string {
  return `{"problem":${JSON.stringify(problemOf(code, detail))}}`;
}

/** Leases that are over: at least one, at most `RECEIPTS_MAX`. */
export function lostLine(receipts: readonly string[]): string {
  return JSON.stringify({ lost: receipts });
}

/** What has become of a job that the socket watches. */
export function jobLine(job: JobView | UnknownJob): string {
  return `{"job":${knownJobJson(job)}}`;
}

/** The queue has forgotten which jobs the socket watches: its client tells it again. */
export const WATCH_AGAIN_LINE = '{"watch_again":true}';
