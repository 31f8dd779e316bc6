import type { Scope } from "../contract/scopes.ts";
import type { Principal } from "./principal.ts";
import { ProblemError } from "./problem-error.ts";

/** @throws {ProblemError} `forbidden` if the principal may not do this with the queue */
export function assertGranted(principal: Principal, scope: Scope | "any", queue: string): void {
  if (scope !== "any" && !principal.scopes.includes(scope)) throw new ProblemError("forbidden", "forbidden scope");
  if (!principal.queues.some((prefix) => queue.startsWith(prefix)))
    throw new ProblemError("forbidden", "forbidden queue");
}
