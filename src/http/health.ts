import { createMiddleware } from "hono/factory";
import { ProblemError } from "../api/problem-error.ts";
import { parseStorageBytesMax } from "../contract/storage-bytes.ts";
import type { Env } from "../env.ts";

/** Why the server can serve nothing, for its operator; undefined where it can. Secrets are not said. */
export function faultOf(env: Env): ProblemError | undefined {
  if (env.AUTHKEY === undefined || env.AUTHKEY === "") {
    return new ProblemError("no_authkey", "Set the secret AUTHKEY: without one the server answers nobody.");
  }
  try {
    parseStorageBytesMax(env.STORAGE_BYTES_MAX);
    return undefined;
  } catch (error) {
    return new ProblemError("misconfigured", error instanceof Error ? error.message : String(error));
  }
}

/** Refuses every request while the configuration is wrong: a server that guesses would do what nobody has asked for. */
export const requireConfiguration = createMiddleware<{ Bindings: Env }>(async function requireConfiguration(c, next) {
  const fault = faultOf(c.env);
  if (fault !== undefined) throw fault;
  await next();
});
