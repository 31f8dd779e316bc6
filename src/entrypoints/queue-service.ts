import { WorkerEntrypoint } from "cloudflare:workers";
import type { AskOptions, BindingCalls, ListRequest } from "../api/binding-calls.ts";
import { principalOfProps } from "../api/keys/props.ts";
import type { Reply } from "../api/reply.ts";
import { BoundCalls } from "../calls/bound-calls.ts";
import type { ServerEnv } from "../env.ts";

/**
 * The queues of a server for another Worker, by service binding. What that may do stands in the props of its binding, which
 * the platform passes: nothing in a call says who asks.
 */
export class QueueService<Env extends object = object> extends WorkerEntrypoint<Env> implements BindingCalls {
  readonly #calls: BoundCalls;

  constructor(ctx: ExecutionContext, env: ServerEnv<Env>) {
    super(ctx, env.worker);
    this.#calls = new BoundCalls(env, () => principalOfProps(ctx.props));
  }

  ask(queue: string, verb: string, request: string, options?: AskOptions): Promise<Reply> {
    return this.#calls.ask(queue, verb, request, options);
  }

  abandon(queue: string, waitId: string): Promise<void> {
    return this.#calls.abandon(queue, waitId);
  }

  list(request: ListRequest): Promise<Reply> {
    return this.#calls.list(request);
  }
}
