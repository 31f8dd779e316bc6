import { WorkerEntrypoint } from "cloudflare:workers";
import type { ConsumersCalls, PushBatch, PushCalls, PushOutcome } from "../../../src/api/push.ts";
import type { PushSettings } from "../../../src/contract/push-settings.ts";
import { type BatchConsumer, Consumers, type TaskConsumer } from "../../../worker-client/push/consumer.ts";

/** A consumer of a test. */
export type TestConsumer = BatchConsumer<object, ExecutionContext> | TaskConsumer;

/** By the names of their queues. Tests and the Worker share an isolate. */
const byQueue = new Map<string, Consumers<object, ExecutionContext>>();

const NONE = new Consumers<object, ExecutionContext>({});

/** Gives a queue a consumer, before the queue is first used or as if the Worker were deployed again; undefined for none. */
export function setConsumer(queue: string, consumer: TestConsumer | undefined): void {
  if (consumer === undefined) byQueue.delete(queue);
  else byQueue.set(queue, new Consumers({ [queue]: consumer }));
}

/** The entrypoint as `consumers()` makes it, but for consumers that come and go. */
export class TestConsumers extends WorkerEntrypoint<object> implements ConsumersCalls {
  async settingsOf(queue: string): Promise<PushSettings | null> {
    return this.#of(queue).settingsOf(queue);
  }

  async deliver(batch: PushBatch, calls: PushCalls): Promise<PushOutcome> {
    return this.#of(batch.queue).deliver(batch, calls, this.env, this.ctx);
  }

  #of(queue: string): Consumers<object, ExecutionContext> {
    return byQueue.get(queue) ?? NONE;
  }
}
