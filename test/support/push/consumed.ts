import type { ConsumerBatch } from "../../../worker-client/push/batch.ts";
import { freshQueue, nameOf } from "../call.ts";
import { setConsumer, type TestConsumer } from "../movable-worker/test-consumers.ts";

/** What a consumer was given. */
interface Seen {
  /** The bodies of each batch. */
  batches: unknown[][];
  /** The attempts with each body. */
  attempts: Map<unknown, number[]>;
}

/** A queue with a consumer that notes what it is given, and then does this. */
export function consumed(
  queue: (batch: ConsumerBatch) => unknown,
  options: Omit<Extract<TestConsumer, { queue: unknown }>, "queue"> = {},
): { queue: string; seen: Seen } {
  const path = freshQueue();
  const seen: Seen = { batches: [], attempts: new Map() };
  setConsumer(nameOf(path), {
    ...options,
    queue(batch: ConsumerBatch) {
      seen.batches.push(batch.messages.map(({ body }) => body));
      for (const { body, attempts } of batch.messages)
        seen.attempts.set(body, [...(seen.attempts.get(body) ?? []), attempts]);
      return queue(batch);
    },
  });
  return { queue: path, seen };
}

/** Something that handlers wait for, until the test lets them go on. */
export class Gate {
  #isOpen = false;

  open(): void {
    this.#isOpen = true;
  }

  /** The runtime keeps promises of one request from others, so that a handler looks for itself. */
  async opened(): Promise<void> {
    while (!this.#isOpen) await scheduler.wait(2);
  }
}
