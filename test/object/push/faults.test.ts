/** A consumer that cannot be called, does not answer, or is gone: no message is lost, and attempts are not used up. */
import { abortAllDurableObjects, evictDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { call, descriptionOf, freshQueue, nameOf, objectOf, pass, put } from "../../support/call.ts";
import { setConsumer } from "../../support/movable-worker/test-consumers.ts";
import { consumed, Gate } from "../../support/push/consumed.ts";

vi.spyOn(console, "error").mockReturnValue();

test("a handler that takes longer than its time has its messages retried", async () => {
  const never = new Gate();
  const { queue, seen } = consumed(({ messages }) => (messages[0]?.attempts === 1 ? never.opened() : undefined), {
    timeoutSeconds: 1,
  });
  await call("PUT", queue, { retryDelaySeconds: 0 });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1 });
  expect(seen.attempts.get("a")).toEqual([1, 2]);
});

test("what a handler acked before its time was over is done", async () => {
  const never = new Gate();
  const { queue, seen } = consumed(
    async ({ messages }) => {
      messages.find(({ body }) => body === "quick")?.ack();
      if (messages.some(({ attempts }) => attempts === 1)) await never.opened();
    },
    { timeoutSeconds: 1 },
  );
  await call("PUT", queue, { retryDelaySeconds: 0 });

  await put(queue, ["quick", "slow"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 2 });
  expect([seen.attempts.get("quick"), seen.attempts.get("slow")]).toEqual([[1], [1, 2]]);
});

test("messages whose object is aborted while they are handled come back when their leases end", async () => {
  const never = new Gate();
  const begun = new Gate();
  const { queue, seen } = consumed(
    ({ messages }) => {
      begun.open();
      return messages[0]?.attempts === 1 ? never.opened() : undefined;
    },
    { timeoutSeconds: 5 },
  );
  await put(queue, ["a"]);
  await begun.opened();

  await abortAllDurableObjects();
  // 5 seconds for the handler, 5 for the way, and the alarm is at a multiple of 10.
  await pass(20, queue);

  await expect.poll(() => seen.attempts.get("a")).toEqual([1, 2]);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1 });
});

test("messages that wait are handled by the object that comes after one that was evicted, without a call", async () => {
  const { queue, seen } = consumed(() => undefined);
  await call("POST", `${queue}/messages`, { messages: [{ body: "later", delaySeconds: 60 }] });

  await evictDurableObject(objectOf(queue));
  await pass(71, queue);

  await expect.poll(() => seen.attempts.get("later")).toEqual([1]);
});

test("a batch that waits to be full is handled in time though the object is evicted meanwhile", async () => {
  const { queue, seen } = consumed(() => undefined, { batchSize: 3, batchWaitSeconds: 20 });
  await put(queue, ["a"]);

  await evictDurableObject(objectOf(queue));
  await pass(21, queue);

  await expect.poll(() => seen.batches).toEqual([["a"]]);
});

test("a consumer that is taken away gives its messages back, with no attempt counted, and one that comes gets them", async () => {
  const { queue } = consumed(() => undefined);
  await put(queue, ["first"]);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1 });

  setConsumer(nameOf(queue), undefined);
  await put(queue, ["second"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ visible: 1, leased: 0, push: null });
  const { messages } = (await call("GET", `${queue}/messages`)).body;
  expect(messages).toMatchObject([{ attempts: 0 }]);
  const bodies: unknown[] = [];
  setConsumer(nameOf(queue), { queue: (batch) => void bodies.push(...batch.messages.map(({ body }) => body)) });
  await evictDurableObject(objectOf(queue));
  await descriptionOf(queue);
  await expect.poll(() => bodies).toEqual(["second"]);
});

test("a consumer that another Worker begins to have is found by a queue in use, within a minute", async () => {
  const queue = freshQueue();
  await put(queue, ["first"]);
  expect(await descriptionOf(queue)).toMatchObject({ visible: 1, push: null });
  const bodies: unknown[] = [];

  setConsumer(nameOf(queue), { queue: (batch) => void bodies.push(...batch.messages.map(({ body }) => body)) });
  await put(queue, ["second"]);
  expect(await descriptionOf(queue)).toMatchObject({ visible: 2, push: null });
  await pass(60, queue);
  await put(queue, ["third"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 3 });
  expect(bodies).toEqual(["first", "second", "third"]);
});

test("settings that were changed by a deployment hold from the next batch on", async () => {
  const { queue } = consumed(() => undefined, { batchSize: 2 });
  await put(queue, [1, 2]);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 2, push: { batchSize: 2 } });

  setConsumer(nameOf(queue), { batchSize: 7, queue: () => undefined });
  await put(queue, [3]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 3, push: { batchSize: 7 } });
});

test("a queue that is paused pushes nothing until it goes on", async () => {
  const { queue, seen } = consumed(() => undefined);
  await call("PUT", queue, {});
  await call("POST", `${queue}/pause`, { only: "receives" });

  await put(queue, ["a"]);
  await pass(60, queue);
  expect(seen.batches).toEqual([]);
  await call("POST", `${queue}/resume`, { only: "receives" });

  await expect.poll(() => seen.batches).toEqual([["a"]]);
});

test("a queue that is shut down pushes what it has, and then nothing", async () => {
  const { queue, seen } = consumed(() => undefined, { batchSize: 1, concurrency: 1 });
  await put(queue, [1, 2, 3]);

  await call("POST", `${queue}/shutdown`);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 3 });
  expect(seen.batches).toEqual([[1], [2], [3]]);
});

test("a dead letter that is redriven in a queue that is shut down is pushed once more", async () => {
  const { queue, seen } = consumed((batch) => {
    for (const message of batch.messages) if (seen.batches.length === 1) message.reject();
  });
  await put(queue, ["a"]);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ dead: 1 });
  await call("POST", `${queue}/shutdown`);

  await call("POST", `${queue}/redrive`, {});

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1 });
});

test("a queue that is deleted and created once more is pushed as before", async () => {
  const { queue, seen } = consumed(() => undefined);
  await put(queue, [1]);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1 });

  await call("DELETE", queue);
  await put(queue, [2]);

  await expect.poll(() => seen.batches).toEqual([[1], [2]]);
});

test("a receive on a name that has no queue creates none, though it has a consumer", async () => {
  const { queue } = consumed(() => undefined);

  await call("POST", `${queue}/receive`, {});

  expect((await call("GET", queue)).status).toBe(404);
});
