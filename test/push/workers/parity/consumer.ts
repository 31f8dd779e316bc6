/** A consumer as Cloudflare Queues has them. It knows nothing of which queue calls it. */
import type { Task } from "./task.ts";

/** Handles up to ten messages: what it does with each follows from its body and its attempts alone. */
export async function consume(batch: MessageBatch<Task>, ctx: ExecutionContext): Promise<void> {
  for (const message of batch.messages) {
    const { kind } = message.body;
    const isFirst = message.attempts === 1;
    if (kind === "acked") message.ack();
    if (kind === "later") {
      if (isFirst) message.retry({ delaySeconds: 1 });
      else message.ack();
      // What comes after the first call changes nothing.
      message.retry();
    }
    if (kind === "twice" && message.attempts <= 2) message.retry();
    if (kind === "never") message.retry();
    if (kind === "thrown" && isFirst) throw new Error("The consumer throws once.");
    if (kind === "all" && isFirst) batch.retryAll();
    if (kind === "deferred") ctx.waitUntil(scheduler.wait(20).then(() => (isFirst ? message.retry() : message.ack())));
  }
}
