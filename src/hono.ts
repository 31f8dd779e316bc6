/** A server as a middleware of Hono. Without an import of it: the application has its own, of any version. */
import type { Queues } from "./server.ts";

/** What the middleware takes of Hono's context. */
interface Context<Env extends object> {
  readonly req: { readonly raw: Request };
  readonly env: Env;
  /** Throws where there is none, as in a test that calls `app.request()` without one. */
  readonly executionCtx: object;
}

/** A middleware as Hono takes it. */
type Middleware<Env extends object> = (c: Context<Env>, next: () => Promise<void>) => Promise<Response | undefined>;

/**
 * Answers the requests that are for a server, and leaves the others to what follows: for
 * `app.use("/queues/*", queuesMiddleware(queues))`, and as well for `*`. The server's `basePath` is the whole path, with that
 * under which the application is mounted.
 */
export function queuesMiddleware<Env extends object>(queues: Pick<Queues<Env>, "fetch">): Middleware<Env> {
  return async function answerForQueues(c, next) {
    const response = await queues.fetch(c.req.raw, c.env, executionContextOf(c));
    if (response !== null) return response;
    await next();
    return undefined;
  };
}

function executionContextOf<Env extends object>(c: Context<Env>): ExecutionContext {
  try {
    return c.executionCtx as ExecutionContext;
  } catch {
    // Enough for a Worker that has Durable Object bindings to its classes.
    const none: Pick<ExecutionContext, "waitUntil" | "passThroughOnException"> = {
      waitUntil: () => undefined,
      passThroughOnException: () => undefined,
    };
    return none as ExecutionContext;
  }
}
