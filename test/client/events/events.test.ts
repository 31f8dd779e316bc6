/** What becomes of a worker's messages is told to its listeners. */
import { afterEach, describe, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { Message, QueueOptions } from "../../../worker-client/src/index.ts";
import { namesOf, toldBy } from "../../support/workers/told.ts";

const memories: MemoryManager[] = [];
afterEach(() => Promise.all(memories.splice(0).map((memory) => memory.close())));

/** A queue in virtual time whose retries come after a second. */
async function queueInMemory(options: QueueOptions = {}) {
  const memory = new MemoryManager({ time: "virtual" });
  memories.push(memory);
  const queue = memory.queue<string>("letters");
  await queue.configure({ retryDelaySeconds: 1, retryDelayJitter: 0, ...options });
  return { memory, queue };
}

function fail(error: unknown): never {
  throw error;
}

describe("a handler that returns", () => {
  test("has started and, once the server has removed its message, completed, with what it returned", async () => {
    const { memory, queue } = await queueInMemory();
    const worker = queue.work(async ({ item }) => item.length);
    const told = toldBy(worker);
    const left: Promise<number>[] = [];
    worker.on("completed", () => left.push(queue.describe().then(({ leased }) => leased)));
    await queue.put("four");

    await memory.advance(0);

    expect(told).toEqual([
      { name: "started", item: "four" },
      { name: "completed", item: "four", result: 4, seconds: expect.any(Number) },
    ]);
    expect(await Promise.all(left)).toEqual([0]);
  });

  test("has completed also if it acked its message by a call, before it returns or later", async () => {
    const { memory, queue } = await queueInMemory();
    const worker = queue.work(async (message) => {
      if (message.item === "awaited") await message.ack();
      else void message.ack();
      return "done";
    });
    const told = toldBy(worker);
    await queue.putMany(["awaited", "not awaited"]);

    await memory.advance(0);

    expect(namesOf(told, "awaited")).toEqual(["started", "completed"]);
    expect(namesOf(told, "not awaited")).toEqual(["started", "completed"]);
    expect(told.filter(({ result }) => result === "done")).toHaveLength(2);
  });

  test("has not completed if it has released its message", async () => {
    const { memory, queue } = await queueInMemory();
    const worker = queue.work(async (message) => {
      await message.release({ delaySeconds: 3_600 });
    });
    const told = toldBy(worker);
    await queue.put("a");

    await memory.advance(0);

    expect(namesOf(told)).toEqual(["started"]);
  });
});

describe("a handler that throws", () => {
  test("has failed, and its message is tried again until it is dead", async () => {
    const { memory, queue } = await queueInMemory({ maxAttempts: 2 });
    const error = new Error("no such address");
    const worker = queue.work(() => fail(error), { onError: () => undefined });
    const told = toldBy(worker);
    await queue.put("a");

    await memory.advance(10);

    expect(told).toEqual([
      { name: "started", item: "a" },
      { name: "failed", item: "a", error, seconds: expect.any(Number) },
      { name: "retrying", item: "a", error },
      { name: "started", item: "a" },
      { name: "failed", item: "a", error, seconds: expect.any(Number) },
      { name: "dead", item: "a", error, reason: "max_attempts" },
    ]);
  });

  test("is told apart by the attempts of the message itself, and by those of the queue", async () => {
    const { memory, queue } = await queueInMemory({ maxAttempts: 1 });
    const worker = queue.work(() => fail("no"), { onError: () => undefined });
    const told = toldBy(worker);
    await queue.put("of the queue");
    await queue.put("its own", { maxAttempts: 2 });

    await memory.advance(0);

    expect(namesOf(told, "of the queue")).toEqual(["started", "failed", "dead"]);
    expect(namesOf(told, "its own")).toEqual(["started", "failed", "retrying"]);
  });

  test("after it gave its message back has failed once; what it threw is an error", async () => {
    const { memory, queue } = await queueInMemory();
    const worker = queue.work(
      async (message) => {
        await message.retry({ error: "busy" });
        throw new Error("left");
      },
      { onError: () => undefined },
    );
    const told = toldBy(worker);
    await queue.put("a");

    await memory.advance(0);

    expect(told).toEqual([
      { name: "started", item: "a" },
      { name: "failed", item: "a", error: "busy", seconds: expect.any(Number) },
      { name: "retrying", item: "a", error: "busy" },
      { name: "error", item: "a", error: new Error("left") },
    ]);
  });

  test("by its timeout has failed, whatever it does later", async () => {
    const { memory, queue } = await queueInMemory();
    let end = (_: string) => {};
    const worker = queue.work(() => new Promise<string>((resolve) => (end = resolve)), {
      timeoutSeconds: 0.01,
      onError: () => undefined,
    });
    const told = toldBy(worker);
    await queue.put("a");

    await expect.poll(() => namesOf(told)).toEqual(["started", "failed", "retrying"]);
    end("late");
    await memory.advance(0);

    expect(namesOf(told)).toEqual(["started", "failed", "retrying"]);
    expect(told[1]?.error).toMatchObject({ code: "timeout" });
  });
});

test("a message that is rejected by a call is dead", async () => {
  const { memory, queue } = await queueInMemory();
  const worker = queue.work((message) => message.reject({ error: "no such customer" }));
  const told = toldBy(worker);
  await queue.put("a");

  await memory.advance(0);

  expect(told).toEqual([
    { name: "started", item: "a" },
    { name: "failed", item: "a", error: "no such customer", seconds: expect.any(Number) },
    { name: "dead", item: "a", error: "no such customer", reason: "rejected" },
  ]);
});

test("a worker that gives up on its handlers tells so once, as an error, and that nothing has failed", async () => {
  const { memory, queue } = await queueInMemory();
  const errors: unknown[] = [];
  const worker = queue.work(
    ({ signal }) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    {
      onError: (error) => errors.push(error),
    },
  );
  const told = toldBy(worker);
  await queue.put("a");
  await memory.advance(0);

  await worker.close({ timeoutSeconds: 0 });

  expect(namesOf(told)).toEqual(["started", "error"]);
  expect(told[1]?.error).toMatchObject({ code: "closed" });
  expect(errors).toEqual([told[1]?.error]);
});

describe("a listener", () => {
  test("is called once if it is added twice, until it is removed", async () => {
    const { memory, queue } = await queueInMemory();
    const items: string[] = [];
    const listener = ({ message }: { message: Message<string> }) => void items.push(message.item);
    const worker = queue.work(() => undefined);

    worker.on("started", listener).on("started", listener);
    await queue.put("a");
    await memory.advance(0);
    worker.off("started", listener).off("started", listener);
    await queue.put("b");
    await memory.advance(0);

    expect(items).toEqual(["a"]);
  });

  test("of one event is called once", async () => {
    const { memory, queue } = await queueInMemory();
    const items: string[] = [];
    const worker = queue.work(() => undefined);
    worker.once("completed", ({ message }) => items.push(message.item));
    await queue.putMany(["a", "b"]);

    await memory.advance(0);

    expect(items).toEqual(["a"]);
  });

  test("may add and remove listeners, which hold from the next event on", async () => {
    const { memory, queue } = await queueInMemory();
    const called: string[] = [];
    const worker = queue.work(() => undefined);
    const second = () => called.push("second");
    worker.on("started", () => {
      called.push("first");
      worker.off("started", second).on("started", () => called.push("another"));
    });
    worker.on("started", second);
    await queue.put("a");

    await memory.advance(0);

    expect(called).toEqual(["first", "second"]);
  });

  test("may close its worker", async () => {
    const { memory, queue } = await queueInMemory();
    const worker = queue.work(() => undefined);
    worker.on("completed", () => worker.close());
    await queue.putMany(["a", "b", "c"]);

    await memory.advance(0);
    await worker.finished;

    expect((await queue.describe()).leased).toBe(0);
  });

  test.each([
    ["complete", 'A worker has no event "complete". Did you mean "completed"?'],
    ["stalled", 'A worker has no event "stalled". Did you mean "lost"?'],
    ["active", 'A worker has no event "active". Did you mean "started"?'],
    ["toString", 'A worker has no event "toString".'],
  ])("of the event %s, which there is not, is refused", async (name, text) => {
    const { queue } = await queueInMemory();
    const worker = queue.work(() => undefined);
    const names = "It has: started, completed, failed, retrying, dead, lost, crashed, error.";

    expect(() => worker.on(name as "started", () => undefined)).toThrow(new TypeError(`${text} ${names}`));
    expect(() => worker.off(name as "started", () => undefined)).toThrow(TypeError);
    expect(() => worker.on("started", undefined as never)).toThrow(
      new TypeError('The listener of "started" must be a function, not undefined.'),
    );
  });
});
