import { invalid } from "../../check/problem-error.ts";
import { assertQueue } from "../../keys/authorize.ts";
import type { RequestContext } from "../base/descriptor.ts";

/**
 * Checks a queue to which messages shall go: it is another one, so that no queue is its own dead-letter queue or redriven to
 * itself, and the key is for it too.
 *
 * @param path the field that names the other queue
 * @throws {ProblemError} `invalid` or `forbidden`
 */
export function assertOther({ queue, principal }: RequestContext, path: string, name: string | null | undefined): void {
  if (name === queue) throw invalid(path, "must be another queue");
  if (name !== null && name !== undefined) assertQueue(principal, name);
}
