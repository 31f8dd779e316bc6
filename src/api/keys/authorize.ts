import type { Scope } from "../../contract/scopes.ts";
import { ProblemError } from "../check/problem-error.ts";
import type { Principal } from "./principal.ts";

/** Prefixes of queues that a refusal names. */
const PREFIXES_NAMED_MAX = 5;

/**
 * Checks what a key grants.
 *
 * @param scope "any" for what every key of the queue may do
 * @throws {ProblemError} `forbidden`
 */
export function assertGranted(principal: Principal, scope: Scope | "any", queue: string): void {
  assertScope(principal, scope);
  assertQueue(principal, queue);
}

/** Whether a key is for a queue. */
export function isFor({ queues }: Pick<Principal, "queues">, queue: string): boolean {
  return queues.some((prefix) => queue.startsWith(prefix));
}

/**
 * Checks that a key is for a queue.
 *
 * @throws {ProblemError} `forbidden`
 */
export function assertQueue(principal: Principal, queue: string): void {
  if (isFor(principal, queue)) return;
  const named = principal.queues.slice(0, PREFIXES_NAMED_MAX).join(", ");
  const more = principal.queues.length > PREFIXES_NAMED_MAX ? ", …" : "";
  const detail = `${nameOf(principal)} is not for the queue ${queue}, but for queues whose names begin with ${named}${more}.`;
  const advice = principal.isService ? "Add it to queues in the props of the binding." : "Use a key that is for it.";
  throw new ProblemError("forbidden", `${detail} ${advice}`);
}

/**
 * The same without a queue.
 *
 * @throws {ProblemError} `forbidden`
 */
export function assertScope(principal: Principal, scope: Scope | "any"): void {
  if (scope === "any" || principal.scopes.includes(scope)) return;
  const granted = principal.scopes.length === 0 ? "nothing" : principal.scopes.join(", ");
  const detail = `${nameOf(principal)} does not grant ${scope}, which this call needs. It grants ${granted}.`;
  const ofBinding = `Add ${scope} to scopes in the props of the binding.`;
  throw new ProblemError(
    "forbidden",
    `${detail} ${principal.isService ? ofBinding : `Use a key that grants ${scope}.`}`,
  );
}

function nameOf({ name, isService }: Principal): string {
  return isService ? "The service binding" : `The key ${name}`;
}

/**
 * The beginnings of the names that a page of a list shows: those with a prefix that come after the cursor, as far as the
 * key is for them. They are in the order of their characters, and no name has two of them.
 *
 * @param cursor the last name of the page before; empty for the first page
 */
export function listedPrefixes({ queues }: Principal, prefix: string, cursor: string): string[] {
  const narrowed = queues.flatMap((own) => {
    if (own.startsWith(prefix)) return [own];
    return prefix.startsWith(own) ? [prefix] : [];
  });
  const prefixes: string[] = [];
  for (const next of narrowed.sort()) {
    const last = prefixes.at(-1);
    if (last === undefined || !next.startsWith(last)) prefixes.push(next);
  }
  // The names of all others come before the cursor.
  return prefixes.filter((listed) => listed > cursor || cursor.startsWith(listed));
}
