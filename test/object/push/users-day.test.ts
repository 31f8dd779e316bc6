/**
 * What went wrong for users of other queues that call handlers, in public issue threads: each is done here as they did it. The
 * repository and number of a thread stand with its test.
 */
import { evictDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { ConsumerBatch } from "../../../worker-client/push/batch.ts";
import { call, descriptionOf, freshQueue, nameOf, numbers, objectOf, pass, put } from "../../support/call.ts";
import { setConsumer } from "../../support/movable-worker/test-consumers.ts";
import { consumed, Gate } from "../../support/push/consumed.ts";

vi.spyOn(console, "error").mockReturnValue();

// cloudflare/cloudflare-docs#8091
test("what a handler does not await counts for nothing: its message is done when the handler has returned", async () => {
  const { queue, seen } = consumed(({ messages }) => {
    messages.forEach(async (message) => {
      await scheduler.wait(1_000);
      message.retry();
    });
  });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 1, unfinished: 0 });
  expect(seen.attempts.get("a")).toEqual([1]);
});

// aws/chalice#884, cloudflare/cloudflare-docs#6677
test("a poisoned message does not take those behind it with it: at last they are handled without it", async () => {
  const { queue } = consumed(({ messages }) => {
    for (const message of messages) {
      if (message.body === "poison") throw new Error("no such address");
      message.ack();
    }
  });

  await put(queue, ["poison", 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ delayed: 10 });
  for (let minutes = 0; minutes < 30; minutes += 1) {
    await pass(60, queue);
    await expect.poll(() => descriptionOf(queue)).toMatchObject({ leased: 0 });
  }

  expect(await descriptionOf(queue)).toMatchObject({ done: 9, dead: 1 });
});

// cloudflare/workers-sdk#6943, jguadagno/jjgnet-broadcast#516
test("by default a handler that fails uses up its attempts in minutes, not in a second", async () => {
  const { queue, seen } = consumed(() => {
    throw new Error("the service is away");
  });
  await put(queue, ["a"]);

  await pass(1, queue);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ leased: 0 });

  expect(seen.attempts.get("a")?.length).toBeLessThanOrEqual(2);
  await pass(300, queue);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ leased: 0, dead: 0 });
});

// MicrosoftDocs/azure-docs#28572
test("maxAttempts 1 means one attempt", async () => {
  const { queue, seen } = consumed(({ messages }) => messages[0]?.id && Promise.reject(new Error("no")));
  await call("PUT", queue, { maxAttempts: 1, retryDelaySeconds: 0 });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ dead: 1, unfinished: 0 });
  expect(seen.attempts.get("a")).toEqual([1]);
});

test.each([
  ["a text", "no room"],
  ["undefined", undefined],
  ["null", null],
  ["an object", { code: 7 }],
])("a handler that throws %s is retried, and the error is kept", async (_, thrown) => {
  const { queue } = consumed(() => Promise.reject(thrown));
  await call("PUT", queue, { maxAttempts: 1 });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ dead: 1 });
  const { messages } = (await call("GET", `${queue}/messages?state=dead`)).body;
  expect(messages[0].lastError).toBeTypeOf("string");
});

// pleaseai/statusbeam#43
test.each([
  [{ delaySeconds: -1 }, "delaySeconds is -1, but must be a number from 0 to 31622400."],
  [{ delay: 30 }, 'retry() has no option "delay".'],
  [30, "retry() takes its options as an object, not 30."],
])("a retry with %j fails the batch with what is wrong, and is not one without a delay", async (options, error) => {
  const { queue } = consumed(({ messages }) => messages[0]?.retry(options as object));
  await call("PUT", queue, { maxAttempts: 2, retryDelaySeconds: 0 });

  await put(queue, ["a"]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ dead: 1 });
  const { messages } = (await call("GET", `${queue}/messages?state=dead`)).body;
  expect(messages[0].lastError).toContain(error);
});

// cloudflare/workers-sdk#15670
test("a backlog of more than 10,000 messages is handled to its end, in order", async () => {
  const gate = new Gate();
  const { queue, seen } = consumed(() => gate.opened(), { batchSize: 1_000, concurrency: 1 });
  for (let first = 0; first < 12_000; first += 1_000) {
    await put(
      queue,
      numbers(1_000).map((n) => first + n),
    );
  }

  gate.open();

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 12_000, unfinished: 0 });
  expect(seen.batches.flat()).toEqual(numbers(12_000));
});

test("messages of 1 MiB come in batches that fit into memory, and none is lost", async () => {
  const { queue, seen } = consumed(() => undefined, { batchSize: 100, concurrency: 2 });
  const large = "x".repeat(1024 * 1024 - 100);
  for (let n = 0; n < 12; n += 1) await put(queue, [`${n}${large}`]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 12 });
  expect(Math.max(...seen.batches.map(({ length }) => length))).toBeLessThanOrEqual(3);
});

// cloudflare/cloudflare-docs#9975
test("bytes, null, texts and dates come as their JSON or their bytes", async () => {
  const { queue, seen } = consumed(() => undefined);

  await put(queue, [null, "", 0, false, [], new Date(0)]);
  await call("POST", `${queue}/messages`, { messages: [{ bytes: "AQI=" }] });

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 7 });
  expect(seen.batches.flat()).toEqual([null, "", 0, false, [], "1970-01-01T00:00:00.000Z", new Uint8Array([1, 2])]);
});

// cloudflare/workers-sdk#4517
test("dead letters go to the consumer of the dead-letter queue, with the error, and their attempts begin anew", async () => {
  const deadQueue = freshQueue();
  const letters: unknown[] = [];
  setConsumer(nameOf(deadQueue), {
    queue: ({ messages }: ConsumerBatch) => {
      for (const { body, attempts, deadLetter } of messages) letters.push([body, attempts, deadLetter?.queue]);
    },
  });
  const { queue } = consumed(() => Promise.reject(new Error("never")));
  await call("PUT", queue, { maxAttempts: 2, retryDelaySeconds: 0, deadLetterQueue: nameOf(deadQueue) });

  await put(queue, ["a"]);

  await expect.poll(() => letters).toEqual([["a", 1, nameOf(queue)]]);
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ unfinished: 0 });
});

// cloudflare/cloudflare-docs#6677
test("a batch that waits to be full is handled in time, though its object is evicted meanwhile", async () => {
  const { queue, seen } = consumed(() => undefined, { batchWaitSeconds: 60 });
  await put(queue, ["a"]);

  await evictDurableObject(objectOf(queue));
  await pass(130, queue);

  await expect.poll(() => seen.batches).toEqual([["a"]]);
});

// cloudflare/workers-sdk#6619
test("a queue whose consumer has another name in the code keeps its messages, and says that it has none", async () => {
  const queue = freshQueue();
  setConsumer(`${nameOf(queue)}s`, { queue: () => undefined });

  await put(queue, ["a"]);
  await pass(60, queue);

  expect(await descriptionOf(queue)).toMatchObject({ visible: 1, leased: 0, push: null });
  expect((await call("GET", `${queue}/messages`)).body.messages).toMatchObject([{ attempts: 0 }]);
});

// inngest/inngest#372, upstash/docs#410
test("no more batches are handled at a time than concurrency says, for an API that limits rates", async () => {
  let atOnce = 0;
  let most = 0;
  const { queue } = consumed(
    async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await scheduler.wait(1);
      atOnce -= 1;
    },
    { batchSize: 1, concurrency: 2 },
  );

  await put(queue, numbers(40));

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 40 });
  expect(most).toBe(2);
});

// cirrus-geo/cirrus-geo#167
test("a slow batch holds up no other one", async () => {
  const gate = new Gate();
  const { queue, seen } = consumed(({ messages }) => (messages[0]?.body === "slow" ? gate.opened() : undefined), {
    batchSize: 1,
  });

  await put(queue, ["slow", 1, 2, 3]);

  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 3, leased: 1 });
  expect(seen.batches).toHaveLength(4);
  gate.open();
  await expect.poll(() => descriptionOf(queue)).toMatchObject({ done: 4 });
});
