/** Handlers of push consumers on queues in memory, in virtual time. */
import { expect, test, vi } from "vitest";
import { type ConsumerBatch, MemoryManager } from "../../../worker-client/memory/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";

test("a handler gets the messages of its queue, and what it does not decide is acked", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const sent: unknown[] = [];
  const emails = memory.queue<string>("emails");
  memory.consume(
    "emails",
    {
      batchSize: 2,
      queue(batch, env) {
        for (const { body } of batch.messages) sent.push([env.from, body]);
      },
    },
    { from: "shop" },
  );

  await emails.putMany(["a", "b", "c"]);
  await memory.idle();

  expect(sent).toEqual([
    ["shop", "a"],
    ["shop", "b"],
    ["shop", "c"],
  ]);
  expect(await emails.describe()).toMatchObject({ done: 3, push: null });
});

test("a retry with a delay comes when virtual time has passed", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const attempts: number[] = [];
  memory.consume("emails", {
    queue(batch) {
      for (const message of batch.messages) {
        attempts.push(message.attempts);
        if (message.attempts === 1) message.retry({ delaySeconds: 3_600 });
      }
    },
  });

  await memory.queue("emails").put("a");
  await memory.advance(3_599);
  expect(attempts).toEqual([1]);
  await memory.advance(2);

  expect(attempts).toEqual([1, 2]);
});

test("a batch waits for batchWaitSeconds of virtual time", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const batches: unknown[][] = [];
  memory.consume("emails", {
    ...{ batchSize: 10, batchWaitSeconds: 30 },
    queue: (batch) => batches.push(batch.messages.map(({ body }) => body)),
  });

  await memory.queue("emails").put("a");
  await memory.advance(10);
  await memory.queue("emails").put("b");
  expect(batches).toEqual([]);
  await memory.advance(20);

  expect(batches).toEqual([["a", "b"]]);
});

test("a handler that throws is retried until its message is dead", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  await using memory = new MemoryManager({ time: "virtual" });
  const emails = memory.queue("emails");
  await emails.configure({ maxAttempts: 3 });
  memory.consume("emails", {
    queue() {
      throw new Error("no address");
    },
  });

  await emails.put("a");
  await memory.advance(600);

  expect(await emails.describe()).toMatchObject({ dead: 1 });
});

test("tasks are served by a consumer too", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const tasks = defineTasks("sums", { double: task({ run: (input: number) => input * 2 }) });
  memory.consume("sums", { tasks });

  const job = await memory.tasks(tasks).double.submit(21);

  expect(await job.result()).toBe(42);
});

test("a queue has one consumer at a time, and another one after that is closed", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const bodies: unknown[] = [];
  const consumer = { queue: (batch: ConsumerBatch) => void bodies.push(...batch.messages.map(({ body }) => body)) };
  const first = memory.consume("emails", consumer);

  expect(() => memory.consume("emails", consumer)).toThrow("The queue emails has a consumer already.");
  await first.close();
  await memory.queue("emails").put("a");
  await memory.idle();
  expect(bodies).toEqual([]);
  memory.consume("emails", consumer);
  await memory.idle();

  expect(bodies).toEqual(["a"]);
});

test.each([
  [{ queue: 1 }, "consumers.emails must be an object with the handler queue(batch, env, ctx), or with tasks"],
  [{ queue() {}, batchsize: 3 }, 'consumers.emails has no option "batchsize". It has queue, batchSize'],
  [{ queue() {}, batchSize: 0 }, "consumers.emails.batchSize is 0, but must be a whole number from 1 to 1000."],
  [{ tasks: defineTasks("other", { double: task({}) }) }, 'consumers.emails.tasks must be what defineTasks("emails"'],
])("%j is refused as a consumer", async (consumer, message) => {
  await using memory = new MemoryManager();

  expect(() => memory.consume("emails", consumer as never)).toThrow(message);
});

test("what a handler gave to waitUntil is awaited when the manager is closed", async () => {
  const memory = new MemoryManager();
  const [begun, writing] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isWritten = false;
  memory.consume("emails", {
    queue(_batch, _env, ctx) {
      const written = writing.promise.then(() => {
        isWritten = true;
      });
      ctx.waitUntil(written);
      begun.resolve();
    },
  });
  await memory.queue("emails").put("a");
  await begun.promise;

  const closed = memory.close();
  writing.resolve();
  await closed;

  expect(isWritten).toBe(true);
});

test("a call that comes after the handler has ended changes nothing, and is warned of", async () => {
  const warned = vi.spyOn(console, "warn").mockReturnValue();
  await using memory = new MemoryManager({ time: "virtual" });
  const emails = memory.queue("emails");
  const late = Promise.withResolvers<void>();
  memory.consume("emails", {
    queue({ messages }) {
      messages.forEach(async (message) => {
        await late.promise;
        message.retry();
      });
    },
  });
  const id = await emails.put("a");
  await memory.idle();

  late.resolve();
  await memory.idle();

  expect(await emails.describe()).toMatchObject({ done: 1 });
  expect(warned).toHaveBeenCalledWith(
    `queue emails: retry() of the message ${id} came after the handler had ended, and changes nothing. Await what calls it.`,
  );
});

// cloudflare/workers-sdk#4639
test("a handler may put into its own queue", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const countdown = memory.queue<number>("countdown");
  memory.consume("countdown", {
    async queue(batch) {
      for (const { body } of batch.messages) if (Number(body) > 0) await countdown.put(Number(body) - 1);
    },
  });

  await countdown.put(3);
  await memory.idle();

  expect(await countdown.describe()).toMatchObject({ done: 4, unfinished: 0 });
});

test("a handler that waits for room in its own full queue fails when its time is over", async () => {
  const logged = vi.spyOn(console, "error").mockReturnValue();
  await using memory = new MemoryManager();
  const loop = memory.queue<string>("loop");
  await loop.configure({ maxSize: 1, maxAttempts: 1 });
  memory.consume("loop", {
    ...{ timeoutSeconds: 1, concurrency: 1 },
    async queue(batch) {
      if (!batch.messages.some(({ body }) => body === "first")) return;
      await loop.put("second");
      await loop.put("third");
    },
  });

  await loop.put("first");

  await expect.poll(() => loop.describe()).toMatchObject({ dead: 1, done: 2 });
  expect(logged).toHaveBeenCalledWith(
    "queue loop: the consumer failed on a batch of 1.",
    expect.objectContaining({ code: "timeout" }),
  );
});
