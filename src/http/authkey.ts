import { createMiddleware } from "hono/factory";
import { ProblemError } from "../api/problem-error.ts";
import type { Env } from "../env.ts";
import { faultOf } from "./health.ts";

/**
 * Lets a request pass that presents the authkey as a bearer token (RFC 6750). Where no key is set, nobody passes.
 *
 * It stands before everything that looks at the request: who has no key learns nothing and touches no queue.
 */
export const requireAuthkey = createMiddleware<{ Bindings: Env }>(async function requireAuthkey(c, next) {
  const authkey = c.env.AUTHKEY;
  if (authkey === undefined || authkey === "") throw faultOf(c.env);
  const presented = /^Bearer +(\S.*)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
  if (presented === undefined)
    throw new ProblemError("unauthorized", "Send the header Authorization: Bearer <authkey>.");
  if (!(await isSame(presented, authkey))) throw new ProblemError("unauthorized", "This is not the authkey.");
  await next();
});

/** Compares digests, in a time that tells nothing of how much of the text is right, nor of how long it is. */
async function isSame(presented: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([digestOf(presented), digestOf(expected)]);
  return crypto.subtle.timingSafeEqual(a, b);
}

function digestOf(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
