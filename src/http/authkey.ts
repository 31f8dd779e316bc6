import { createMiddleware } from "hono/factory";
import { ProblemError } from "../api/check/problem-error.ts";
import { faultOfKeys } from "./health.ts";
import type { Served } from "./served.ts";

/**
 * Refuses a request without one of the server's keys as a bearer token (RFC 6750), and tells those that follow what the
 * key grants. While the server has no key, or its variables are wrong, every request is refused.
 *
 * It runs before everything that reads the request: a client without a key learns nothing and reaches no queue.
 */
export const requireAuthkey = createMiddleware<Served>(async function requireAuthkey(c, next) {
  const fault = faultOfKeys(c.env);
  if (fault !== undefined) throw fault;
  const presented = /^Bearer +(\S.*)$/i.exec(c.req.header("Authorization") ?? "")?.[1];
  if (presented === undefined)
    throw new ProblemError("unauthorized", "The authkey is missing; send the header Authorization: Bearer <authkey>.");
  c.set("principal", await c.env.server.isolate.keys.principalOf(c.env, presented, Date.now()));
  await next();
});
