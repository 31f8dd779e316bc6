/** The queues of the tests' server by binding, as its own Worker has them, and as others do. */
import { createExecutionContext } from "cloudflare:test";
import { env, exports, waitUntil } from "cloudflare:workers";
import type { BindingCalls } from "../../src/api/binding-calls.ts";
import { fromService } from "../../src/server.ts";
import { BindingManager } from "../../worker-client/binding/binding-manager.ts";
import { queues } from "../support/movable-worker/queues.ts";

/** As `of` of a server makes it. */
export function boundManager(): BindingManager {
  return new BindingManager(queues.callsOf(env, createExecutionContext()), "The queue's object", waitUntil);
}

/** What another Worker can call by a service binding with these props. */
export function callsWith(props: unknown): BindingCalls {
  const entrypoint = exports.QueueService as unknown as (options: { props: unknown }) => BindingCalls;
  return entrypoint({ props });
}

/** The queues of such a Worker. */
export function managerWith(props: unknown): BindingManager {
  return fromService(callsWith(props));
}
