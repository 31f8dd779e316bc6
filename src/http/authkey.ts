import { createMiddleware } from "hono/factory";
import { OWNER } from "../api/principal.ts";
import { ProblemError } from "../api/problem-error.ts";
import { faultOf } from "./health.ts";
import type { Served } from "./served.ts";

/**
 * Refuses a request without the authkey as a bearer token (RFC 6750). While no key is set, every request is refused.
 *
 * It runs before everything that reads the request: a client without the key learns nothing and reaches no queue.
 */
export const requireAuthkey = createMiddleware<Served>(async function requireAuthkey(c, next) {
  const authkey = c.env.AUTHKEY;
  if (authkey === undefined || authkey === "") throw faultOf(c.env);
  const presented = /^Bearer +(\S.*)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
  if (presented === undefined)
    throw new ProblemError("unauthorized", "The authkey is missing; send the header Authorization: Bearer <authkey>.");
  if (!(await isSame(presented, authkey)))
    throw new ProblemError("unauthorized", "The authkey is wrong; send the one that the server was started with.");
  c.set("principal", OWNER);
  await next();
});

/** Compares digests, so that the time does not depend on the texts or their lengths. */
async function isSame(presented: string, expected: string): Promise<boolean> {
  const [a, b] = await Promise.all([digestOf(presented), digestOf(expected)]);
  return crypto.subtle.timingSafeEqual(a, b);
}

function digestOf(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}
