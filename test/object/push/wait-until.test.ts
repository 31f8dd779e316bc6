/** What a handler gives to `ctx.waitUntil` is a part of it, as with Cloudflare Queues. */
import { expect, test, vi } from "vitest";
import type { ConsumerBatch } from "../../../worker-client/push/batch.ts";
import { call, descriptionOf, freshQueue, nameOf, put } from "../../support/call.ts";
import { setConsumer, type TestConsumer } from "../../support/movable-worker/test-consumers.ts";
import { Gate } from "../../support/push/consumed.ts";

type Handler = Extract<TestConsumer, { queue: unknown }>["queue"];

/** A queue whose retries come at once, with a handler that is given its context. */
async function consumedWith(queue: (batch: ConsumerBatch, ctx: ExecutionContext) => unknown, timeoutSeconds = 60) {
  const path = freshQueue();
  const attempts: number[] = [];
  const noting: Handler = (batch, _env, ctx) => {
    attempts.push(...batch.messages.map((message) => message.attempts));
    return queue(batch as ConsumerBatch, ctx);
  };
  setConsumer(nameOf(path), { timeoutSeconds, queue: noting });
  await call("PUT", path, { retryDelaySeconds: 0 });
  return { queue: path, attempts };
}

test("a message that is retried in waitUntil, after the handler has returned, is retried", async () => {
  const { queue, attempts } = await consumedWith(({ messages }, ctx) => {
    for (const message of messages) {
      const later = scheduler.wait(20).then(() => (message.attempts === 1 ? message.retry() : message.ack()));
      ctx.waitUntil(later);
    }
  });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1, unfinished: 0 });
  expect(attempts).toEqual([1, 2]);
});

test("a batch whose work in waitUntil fails is retried, and the error is told", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { queue, attempts } = await consumedWith(({ messages }, ctx) => {
    const write = async () => {
      await scheduler.wait(1);
      if (messages[0]?.attempts === 1) throw new Error("the database is away");
    };
    ctx.waitUntil(write());
  });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1 });
  expect(attempts).toEqual([1, 2]);
  expect(logged).toHaveBeenCalledWith(
    expect.stringContaining("the consumer failed on a batch of 1"),
    new Error("the database is away"),
  );
});

test("what waitUntil is given by work in waitUntil is awaited too, and after a handler that throws", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const { queue, attempts } = await consumedWith(({ messages }, ctx) => {
    const deeper = async () => {
      await scheduler.wait(5);
      messages[0]?.ack();
    };
    ctx.waitUntil(scheduler.wait(5).then(() => ctx.waitUntil(deeper())));
    throw new Error("not the others");
  });

  await put(queue, ["a", "b"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 2 });
  expect(attempts).toEqual([1, 1, 2]);
});

test("work in waitUntil that takes longer than timeoutSeconds has its messages retried", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const never = new Gate();
  const { queue, attempts } = await consumedWith(({ messages }, ctx) => {
    if (messages[0]?.attempts === 1) ctx.waitUntil(never.opened());
  }, 1);

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1 });
  never.open();
  expect(attempts).toEqual([1, 2]);
});

test("a handler has the rest of its context as it is", async () => {
  const seen: unknown[] = [];
  const { queue } = await consumedWith((_batch, ctx) => {
    ctx.passThroughOnException();
    seen.push(ctx.props, typeof ctx.exports);
  });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1 });
  expect(seen).toEqual([{}, "object"]);
});
