import { createMiddleware } from "hono/factory";
import { ProblemError } from "../api/problem-error.ts";
import { storageBytesFault } from "../contract/storage-bytes.ts";
import type { Env } from "../env.ts";

/** Why the server refuses all requests, for its operator; undefined if it does not. Contains no secrets. */
export function faultOf(env: Env): ProblemError | undefined {
  if (env.AUTHKEY === undefined || env.AUTHKEY === "") {
    return new ProblemError(
      "no_authkey",
      "AUTHKEY is not set; all requests are refused until it is. Set it with wrangler secret put, or in .dev.vars.",
    );
  }
  const fault = storageBytesFault(env.STORAGE_BYTES_MAX);
  return fault === undefined ? undefined : new ProblemError("misconfigured", fault);
}

/** Refuses every request while the configuration is wrong, instead of guessing what was meant. */
export const requireConfiguration = createMiddleware<{ Bindings: Env }>(async function requireConfiguration(c, next) {
  const fault = faultOf(c.env);
  if (fault !== undefined) throw fault;
  await next();
});
