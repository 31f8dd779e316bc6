import { WorkerEntrypoint } from "cloudflare:workers";
import { type ConsumerSet, Consumers } from "../../worker-client/push/consumer.ts";
import type { ConsumersCalls, PushBatch, PushCalls, PushOutcome } from "../api/push.ts";
import type { PushSettings } from "../contract/push-settings.ts";

/**
 * Makes the class of a Worker's consumers, to be extended by one that the Worker exports under the name that the option
 * `consumers` of `durableQueue` has. The queue's object calls it by RPC.
 *
 * @typeParam Env what the Worker is given
 * @param byQueue the consumer of each queue, by the queue's name. Other queues have none
 * @throws {TypeError} for what is no consumer, and for an option that there is not
 * @throws {RangeError} for the name of a queue, or an option, that breaks its rule
 */
export function consumers<Env extends object>(
  byQueue: ConsumerSet<Env, ExecutionContext>,
): new (
  ctx: ExecutionContext,
  env: Env,
) => WorkerEntrypoint<Env> & ConsumersCalls {
  const known = new Consumers<Env, ExecutionContext>(byQueue);
  return class extends WorkerEntrypoint<Env> implements ConsumersCalls {
    async settingsOf(queue: string): Promise<PushSettings | null> {
      return known.settingsOf(queue);
    }

    async deliver(batch: PushBatch, calls: PushCalls): Promise<PushOutcome> {
      return known.deliver(batch, calls, this.env, this.ctx);
    }
  };
}
