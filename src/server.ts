// So that the declarations can be used where `Symbol.asyncDispose` is not among the libraries.
/// <reference lib="esnext.disposable" preserve="true" />
/** What a Worker imports, to have a server as a part of it, or to use that of another Worker. */
import { waitUntil } from "cloudflare:workers";
import { BindingManager } from "../worker-client/binding/binding-manager.ts";
import { managerOfService } from "../worker-client/binding/from-service.ts";
import type { ExportsContext } from "./env.ts";
import { queuesWith, type Server } from "./factory.ts";
import { IsolateState } from "./isolate.ts";
import type { ServerOptions } from "./options.ts";

export type { BindingManager, BindingQueueNamesOptions } from "../worker-client/binding/binding-manager.ts";
export type { ConsumerBatch, ConsumerMessage } from "../worker-client/push/batch.ts";
export type { BatchConsumer, ConsumerOptions, TaskConsumer } from "../worker-client/push/consumer.ts";
export type { Grant } from "./api/keys/grant.ts";
export { consumers } from "./entrypoints/consumers.ts";
export type { ServerEvent } from "./log.ts";
export type { ServerOptions };

/** A server. `Env` is what its Worker is given. */
export interface Queues<Env extends object> extends Server<Env> {
  /**
   * The queues of this server from inside its own Worker: no request over HTTP and no key. It may do everything. Call it in
   * each event; in a Durable Object or an entrypoint with `this.env` and `this.ctx`. Sends nothing yet.
   */
  of(env: Env, ctx: ExportsContext): BindingManager;
}

/**
 * Makes a server, to be a part of a Worker: call it once, where the module begins. Two servers share nothing.
 *
 * @typeParam Env what the Worker is given
 * @throws {TypeError} if an option breaks its rule
 */
export function durableQueue<Env extends object>(options: ServerOptions<Env> = {}): Queues<Env> {
  const { callsOf, ...server } = queuesWith(options, new IsolateState());
  return {
    ...server,
    of: (env, ctx) => new BindingManager(callsOf(env, ctx), "The queue's object", waitUntil),
  };
}

/**
 * The queues of another Worker, by a service binding to its `QueueService`, whose props say what is granted. Sends nothing
 * yet.
 *
 * @param service the service binding, as `env.QUEUES`
 * @throws {TypeError} if it is none
 */
export function fromService(service: object): BindingManager {
  return managerOfService(service, waitUntil);
}
