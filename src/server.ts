/** What a Worker imports, to have a server as a part of it. */
import { type Queues, queuesWith } from "./factory.ts";
import { IsolateState } from "./isolate.ts";
import type { ServerOptions } from "./options.ts";

export type { ConsumerBatch, ConsumerMessage } from "../worker-client/push/batch.ts";
export type { BatchConsumer, ConsumerOptions, TaskConsumer } from "../worker-client/push/consumer.ts";
export type { Grant } from "./api/keys/grant.ts";
export { consumers } from "./entrypoints/consumers.ts";
export type { ServerEvent } from "./log.ts";
export type { Queues, ServerOptions };

/**
 * Makes a server, to be a part of a Worker: call it once, where the module begins. Two servers share nothing.
 *
 * @typeParam Env what the Worker is given
 * @throws {TypeError} if an option breaks its rule
 */
export function durableQueue<Env extends object>(options: ServerOptions<Env> = {}): Queues<Env> {
  return queuesWith(options, new IsolateState());
}
