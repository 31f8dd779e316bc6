import { createMiddleware } from "hono/factory";
import { ProblemError } from "../api/check/problem-error.ts";
import { principalOfGrant } from "../api/keys/grant.ts";
import type { Principal } from "../api/keys/principal.ts";
import type { ServerEnv } from "../env.ts";
import { faultOfKeys, faultOfNoKey } from "./health.ts";
import type { Served } from "./served.ts";

/**
 * Refuses a request that neither the Worker's own hook has authorized nor one of the server's keys, and tells those that
 * follow what is granted. While the server's keys are wrong, every request is refused.
 *
 * It runs before everything that reads the request: a client without a key learns nothing and reaches no queue.
 */
export const requireAuthkey = createMiddleware<Served>(async function requireAuthkey(c, next) {
  const fault = faultOfKeys(c.env);
  if (fault !== undefined) throw fault;
  const { raw } = c.req;
  const answer: unknown = await c.env.server.authorize?.(raw, c.env.worker);
  if (answer instanceof Response) return answer;
  c.set("principal", answer === undefined ? await principalOfKey(c.env, raw) : principalOfGrant(answer));
  return next();
});

/** The principal of the request's bearer token (RFC 6750). */
async function principalOfKey(env: ServerEnv, request: Request): Promise<Principal> {
  const fault = faultOfNoKey(env);
  if (fault !== undefined) throw fault;
  const presented = /^Bearer +(\S.*)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  if (presented === undefined)
    throw new ProblemError("unauthorized", "The authkey is missing; send the header Authorization: Bearer <authkey>.");
  return env.server.isolate.keys.principalOf(env, presented, Date.now());
}
