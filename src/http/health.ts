import { createMiddleware } from "hono/factory";
import { ProblemError } from "../api/check/problem-error.ts";
import { faultOfSetup } from "../calls/setup-fault.ts";
import { KEY_CHARACTERS_MAX } from "../contract/limits.ts";
import type { ServerEnv } from "../env.ts";

const LONG_AUTHKEY = `AUTHKEY has more than ${KEY_CHARACTERS_MAX} characters, and no client can send so many: set a shorter one.`;

const NO_AUTHKEY =
  "Neither AUTHKEY nor AUTHKEYS is set; all requests are refused until one is. Set it with wrangler secret put, or in .dev.vars.";

/** Why the server refuses all requests, for its operator; undefined if it does not. Contains no secrets. */
function faultOf(env: ServerEnv): ProblemError | undefined {
  const isKeyNeeded = env.server.authorize === undefined;
  return faultOfKeys(env) ?? (isKeyNeeded ? faultOfNoKey(env) : undefined) ?? faultOfSetup(env);
}

/**
 * What `GET /healthz` answers with: also that the consumers of the Worker are missing. Requests are served then, because
 * messages wait for consumers, and no producer should be refused for them.
 */
export function faultOfHealth(env: ServerEnv): ProblemError | undefined {
  const { consumersFault } = env;
  return faultOf(env) ?? (consumersFault === undefined ? undefined : new ProblemError("misconfigured", consumersFault));
}

/** The same, as far as it is about keys that the server has: no client can show then that it has one. */
export function faultOfKeys(env: ServerEnv): ProblemError | undefined {
  const fault = env.server.isolate.keys.fault(env);
  if (fault !== undefined) return new ProblemError("misconfigured", fault);
  return (env.AUTHKEY ?? "").length > KEY_CHARACTERS_MAX ? new ProblemError("misconfigured", LONG_AUTHKEY) : undefined;
}

/** The same, if the server has no key, and requests need one. */
export function faultOfNoKey(env: ServerEnv): ProblemError | undefined {
  return env.server.isolate.keys.hasKeys(env) ? undefined : new ProblemError("no_authkey", NO_AUTHKEY);
}

/** Refuses every request while the configuration is wrong, instead of guessing what was meant. */
export const requireConfiguration = createMiddleware<{ Bindings: ServerEnv }>(
  async function requireConfiguration(c, next) {
    const fault = faultOf(c.env);
    if (fault !== undefined) throw fault;
    await next();
  },
);
