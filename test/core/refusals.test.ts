import { expect, test } from "vitest";
import type { Command } from "../../src/queue/base/commands.ts";
import { TestQueue } from "../support/core/test-queue.ts";

const FOREVER = Number.POSITIVE_INFINITY;

function put(count: number, idempotencyKey?: string): Command {
  const messages = Array.from({ length: count }, () => ({ content: '"body":1', priority: 100, delayMs: 0 }));
  return { verb: "put", messages, timeoutMs: 0, idempotencyKey };
}

function configured(changes: Extract<Command, { verb: "configure" }>["changes"]): TestQueue {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes });
  return queue;
}

/** Everything that a queue refuses: which queue refuses what, and what it says. */
const REFUSALS: Record<
  string,
  [queue: () => TestQueue, command: Command, code: string, detail: string, path?: string]
> = {
  "a read of a queue that does not exist": [
    () => new TestQueue(),
    { verb: "describe" },
    "unknown_queue",
    "The queue does not exist: it has not been put to or configured, or it was deleted. A put or a configuration creates it.",
  ],
  "a peek at a message that is not there": [
    () => configured({}),
    { verb: "peek", id: "0.i-1-0" },
    "unknown_message",
    "The queue has no message with this id: it was never put here, is done or removed, or is on its way to another queue.",
  ],
  "a put to a full queue": [
    () => {
      const queue = configured({ maxSize: 3 });
      queue.run(put(2));
      return queue;
    },
    put(2),
    "full",
    "The queue has no room: its maxSize is 3 messages. Put again when messages have been taken, wait for room, or raise maxSize.",
  ],
  "a put that can never fit": [
    () => configured({ maxSize: 3 }),
    put(4),
    "invalid",
    "A put of 4 messages never fits into a queue whose maxSize is 3. Put fewer at a time, or raise maxSize.",
    "messages",
  ],
  "a put while the storage is nearly full": [
    () => {
      const queue = new TestQueue();
      queue.queue.isStorageFull = true;
      return queue;
    },
    put(1),
    "storage_full",
    "The queue's storage is nearly full, so puts are refused. Receives and acks go on: let them drain the queue, purge it, or delete it.",
  ],
  "a put while puts are paused": [
    () => configured({ paused: { puts: true } }),
    put(1),
    "paused",
    "Puts to the queue are paused. Put again when they are resumed.",
  ],
  "a put after a shutdown": [
    () => configured({ shutdown: "draining" }),
    put(1),
    "shut_down",
    "The queue was shut down: it refuses puts, and receives when nothing is left. Delete the queue to begin anew.",
  ],
  "a put of other content under a known key": [
    () => {
      const queue = new TestQueue();
      queue.run(put(1, "key"));
      return queue;
    },
    put(2, "key"),
    "idempotency_key_reused",
    "The idempotency key was used for a request with other content. Repeat a request unchanged, or use a new key.",
  ],
  "a done of more messages than are unfinished": [
    () => {
      const queue = new TestQueue();
      queue.run(put(2));
      return queue;
    },
    { verb: "done", count: 3 },
    "done_too_often",
    "More messages were reported done (3) than are unfinished (2). Report each message once, after it was taken.",
    "count",
  ],
  "a change of the order of a queue that holds messages": [
    () => {
      const queue = new TestQueue();
      queue.run(put(1));
      return queue;
    },
    { verb: "configure", changes: { order: "lifo" } },
    "order_conflict",
    "The queue holds messages in the order fifo. The order can be changed only while the queue is empty: purge it first.",
    "order",
  ],
  "a verb of another version": [
    () => configured({}),
    { verb: "constructor" } as unknown as Command,
    "invalid",
    "This version of the server does not know the verb constructor. Use a verb that it knows, or update the server.",
    "verb",
  ],
  "a put that waits for more memory than there is for such puts": [
    () => {
      const queue = configured({ maxSize: 1 });
      queue.run(put(1));
      const content = `"body":"${"x".repeat(8 * 1024 * 1024)}"`;
      queue.run({ verb: "put", messages: [{ content, priority: 100, delayMs: 0 }], timeoutMs: FOREVER }, 2);
      return queue;
    },
    {
      ...{ verb: "put", timeoutMs: FOREVER },
      messages: [{ content: `"body":"${"x".repeat(5 * 1024 * 1024)}"`, priority: 100, delayMs: 0 }],
    },
    "overloaded",
    "The puts that wait for room in the queue take all memory for them. This was not applied: try again in a moment.",
  ],
  "a receive when as many calls wait as may": [
    () => {
      const queue = new TestQueue();
      for (let requestId = 2; requestId < 100_002; requestId += 1) {
        queue.queue.apply(requestId, { verb: "receive", max: 1, timeoutMs: FOREVER, autoAck: false }, queue.now);
      }
      return queue;
    },
    { verb: "receive", max: 1, timeoutMs: 1_000, autoAck: false },
    "overloaded",
    "100000 calls wait in the queue, and no more may. This was not applied: try again in a moment.",
  ],
};

test.each(Object.entries(REFUSALS))("%s is refused with what is wrong and what to do", (_, refusal) => {
  const [queue, command, code, detail, path] = refusal;

  expect(queue().run(command)).toEqual({ verb: "refused", code, detail, ...(path !== undefined && { path }) });
});

test("a redrive that waits when its queue is deleted is refused as one whose outcome is not known", () => {
  const queue = new TestQueue();
  const deadLetter = { id: "g-1-1", reason: "expired", attempts: 1, firstPutAt: 1, diedAt: 2 } as const;
  const messages = [{ content: '"body":1', priority: 100, deadLetter }];
  queue.run({ verb: "receive_transfer", queue: "a", generation: "g", number: 1, messages });
  queue.queue.apply(2, { verb: "redrive", max: 1 }, queue.now);

  queue.queue.apply(3, { verb: "delete", nextGeneration: "j" }, queue.now);

  expect(queue.queue.takeResults()[0]?.result).toEqual({
    verb: "refused",
    code: "unavailable",
    detail:
      "The queue was deleted while redriven messages were on their way to another queue. They may have arrived: look there.",
  });
});
