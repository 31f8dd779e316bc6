/** A queue calls the handler of a Worker with batches, and does with each message what the handler decided. */
import { expect, test, vi } from "vitest";
import type { ConsumerBatch, ConsumerMessage } from "../../../worker-client/push/batch.ts";
import { call, descriptionOf, freshQueue, pass, put } from "../../support/call.ts";
import { consumed } from "../../support/push/consumed.ts";

function isEven({ body }: ConsumerMessage): boolean {
  return (body as number) % 2 === 0;
}

test("a message that is put is handled, and is then done", async () => {
  const { queue, seen } = consumed(() => undefined);

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1, unfinished: 0 });
  expect(seen.batches).toEqual([["a"]]);
});

test("messages come in batches of the size that the consumer says, in order", async () => {
  const { queue, seen } = consumed(() => undefined, { batchSize: 3, concurrency: 1 });

  await put(queue, [1, 2, 3, 4, 5, 6, 7]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 7 });
  expect(seen.batches).toEqual([[1, 2, 3], [4, 5, 6], [7]]);
});

test("what the handler decided for a message first wins, and the others are acked", async () => {
  const { queue, seen } = consumed((batch) => {
    for (const message of batch.messages) {
      if (message.body === "twice") message.ack();
      if (message.body !== "kept") message.retry({ delaySeconds: 60 });
    }
  });

  await put(queue, ["kept", "later", "twice"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 2, delayed: 1 });
  await pass(60, queue);
  await expect.poll(() => seen.attempts.get("later")).toEqual([1, 2]);
});

test("a handler that throws has its messages retried, but for those that it acked", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { queue, seen } = consumed((batch) => {
    for (const message of batch.messages) if (isEven(message)) message.ack();
    if (batch.messages[0]?.attempts === 1) throw new Error("no room");
  });
  await call("PUT", queue, { retryDelaySeconds: 60, retryDelayJitter: 0 });

  await put(queue, [1, 2, 3, 4]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 2, delayed: 2 });
  await pass(60, queue);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 4 });
  expect(seen.attempts.get(1)).toEqual([1, 2]);
  expect(logged).toHaveBeenCalledWith(
    expect.stringContaining("the consumer failed on a batch of 4"),
    new Error("no room"),
  );
});

test("a message that is rejected is dead at once, with the error", async () => {
  const { queue } = consumed((batch: ConsumerBatch) => {
    for (const message of batch.messages) message.reject(new TypeError("no address"));
  });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ dead: 1 });
  const { body } = await call("GET", `${queue}/messages?state=dead`);
  expect(body.messages[0]).toMatchObject({ reason: "rejected", lastError: expect.stringContaining("no address") });
});

test("a message whose attempts are used up is dead", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { queue, seen } = consumed(() => {
    throw new Error("never");
  });
  await call("PUT", queue, { maxAttempts: 3, retryDelaySeconds: 0 });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ dead: 1 });
  expect(seen.attempts.get("a")).toEqual([1, 2, 3]);
});

test("a batch waits for as long as the consumer says until it is full", async () => {
  const { queue, seen } = consumed(() => undefined, { batchSize: 3, batchWaitSeconds: 20, concurrency: 1 });

  await put(queue, [1]);
  await put(queue, [2]);
  expect(seen.batches).toEqual([]);
  await put(queue, [3, 4]);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 3 });
  await pass(19, queue);
  expect(seen.batches).toEqual([[1, 2, 3]]);
  await pass(2, queue);

  await expect.poll(() => seen.batches).toEqual([[1, 2, 3], [4]]);
});

test("a queue without a consumer keeps its messages and describes none", async () => {
  const queue = freshQueue();

  await put(queue, ["a"]);

  expect(await descriptionOf(queue)).toMatchObject({ visible: 1, push: null });
});
