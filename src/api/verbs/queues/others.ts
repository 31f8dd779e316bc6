import { invalid } from "../../check/problem-error.ts";
import type { RequestContext } from "../base/descriptor.ts";

/**
 * Checks that a queue is neither its own dead-letter queue nor redriven to itself.
 *
 * @param path the field that names the other queue
 * @throws {ProblemError} `invalid`
 */
export function assertOther({ queue }: RequestContext, path: string, name: string | null | undefined): void {
  if (name === queue) throw invalid(path, "must be another queue");
}
