import type { BindingCalls } from "./api/binding-calls.ts";
import { OWNER } from "./api/keys/principal.ts";
import { BoundCalls } from "./calls/bound-calls.ts";
import { QueueService } from "./entrypoints/queue-service.ts";
import { type ExportsContext, ServerEnv } from "./env.ts";
import { app, isFor } from "./http/app.ts";
import type { IsolateState } from "./isolate.ts";
import type { MachineClock } from "./machine-clock.ts";
import { DirectoryObject } from "./object/directory-object.ts";
import { QueueObject } from "./object/queue-object.ts";
import { type ServerOptions, serverOf } from "./options.ts";

/** A server, as the Worker exports it. `Env` is what its Worker is given. */
export interface Server<Env extends object> {
  /**
   * Answers a request. Null if its path is not below the server's `basePath`: the request is for something else in the
   * Worker. A path below it that is no endpoint is answered with the problem `not_found`.
   */
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response | null>;
  /** The object of one queue, to be extended by a class that the Worker exports. Tests alone pass a clock. */
  readonly QueueObject: new (
    ctx: DurableObjectState,
    env: Env,
    clock?: MachineClock,
  ) => QueueObject<Env>;
  /** The object that holds the names of all queues, to be extended likewise. */
  readonly DirectoryObject: new (
    ctx: DurableObjectState,
    env: Env,
  ) => DirectoryObject<Env>;
  /**
   * The queues for other Workers, by service binding to this entrypoint, to be extended likewise: `fromService` there. The
   * `props` of a binding say what it grants, as `{ "queues": ["emails"], "scopes": ["put"] }`; without them nothing.
   */
  readonly QueueService: new (
    ctx: ExecutionContext,
    env: Env,
  ) => QueueService<Env>;
}

/** A server, and the calls by which its own Worker uses it. */
export interface BoundServer<Env extends object> extends Server<Env> {
  callsOf(env: Env, ctx: ExportsContext): BindingCalls;
}

/**
 * Makes a server whose handler and objects share this state.
 *
 * @throws {TypeError} if an option breaks its rule
 */
export function queuesWith<Env extends object>(options: ServerOptions<Env>, isolate: IsolateState): BoundServer<Env> {
  const server = serverOf(options, isolate);
  return {
    async fetch(request, env, ctx) {
      if (!isFor(server.basePath, request)) return null;
      return app.fetch(request, new ServerEnv(env, ctx, server), ctx);
    },
    QueueObject: class extends QueueObject<Env> {
      constructor(ctx: DurableObjectState, env: Env, clock?: MachineClock) {
        super(ctx, new ServerEnv(env, ctx, server), clock);
      }
    },
    DirectoryObject: class extends DirectoryObject<Env> {
      constructor(ctx: DurableObjectState, env: Env) {
        super(ctx, new ServerEnv(env, ctx, server));
      }
    },
    QueueService: class extends QueueService<Env> {
      constructor(ctx: ExecutionContext, env: Env) {
        super(ctx, new ServerEnv(env, ctx, server));
      }
    },
    callsOf: (env, ctx) => new BoundCalls(new ServerEnv(env, ctx, server), () => OWNER),
  };
}
