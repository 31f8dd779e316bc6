/** The queues of the tests' server by binding, as its own Worker has them, and as others do. */
import { createExecutionContext } from "cloudflare:test";
import { env, exports, waitUntil } from "cloudflare:workers";
import { fromService } from "../../src/server.ts";
import { BindingManager } from "../../worker-client/binding/binding-manager.ts";
import { queues } from "../support/movable-worker/queues.ts";

/** As `of` of a server makes it. */
export function boundManager(): BindingManager {
  return new BindingManager(queues.callsOf(env, createExecutionContext()), "The queue's object", waitUntil);
}

/** The service binding of another Worker, with these props. */
export function serviceWith(props: unknown): object {
  const entrypoint = exports.QueueService as unknown as (options: { props: unknown }) => object;
  return entrypoint({ props });
}

/** As another Worker has it. */
export function managerWith(props: unknown): BindingManager {
  return fromService(serviceWith(props));
}
