/** Errors in a worker are reported, and strand neither a message nor the worker. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Queue, QueueError, QueueOptions } from "../../../worker-client/src/index.ts";
import { TestServer } from "../../support/server.ts";
import { closedWorkers, impatientQueue } from "../../support/workers/workers.ts";

const server = new TestServer();
const work = closedWorkers();

beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(() => {
  vi.restoreAllMocks();
});

function freshQueue<Item = unknown>(options: QueueOptions = {}): Promise<Queue<Item>> {
  return impatientQueue(server, options);
}

/** What the dead messages of a queue have as their last error. */
async function lastErrors(queue: Queue): Promise<(string | undefined)[]> {
  const errors: (string | undefined)[] = [];
  for await (const { lastError } of queue.messages({ state: "dead" })) errors.push(lastError);
  return errors;
}

describe("what a handler throws", () => {
  const withoutPrototype = Object.create(null) as object;
  const withOddMessage = Object.assign(new Error("plain"), { message: Symbol("odd") });
  const circular: { self?: unknown } = {};
  circular.self = circular;
  const thatThrows = {
    get stack(): string {
      throw new Error("no stack");
    },
    toString(): string {
      throw new Error("no text");
    },
    toJSON(): string {
      throw new Error("no JSON");
    },
  };

  test.each([
    ["an error", new TypeError("is not a function"), /^TypeError: is not a function\n\s+at /],
    ["an error with a cause", new Error("outer", { cause: new RangeError("inner") }), /Caused by RangeError: inner/],
    ["a text", "in a word", /^in a word$/],
    ["an object", { code: 5 }, /^\{"code":5\}$/],
    ["undefined", undefined, /^undefined was thrown, which is no Error\.$/],
    ["null", null, /^null was thrown, which is no Error\.$/],
    ["an object without a prototype", withoutPrototype, /object Object/],
    ["an error whose message is no text", withOddMessage, /no text/],
    ["an object that contains itself", circular, /no text/],
    ["an object of which nothing can be read", thatThrows, /no text/],
  ])("is what the message is given back with, and the worker goes on: %s", async (_, thrown, lastError) => {
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.putMany(["fails", "next"]);
    const reported: unknown[] = [];

    work(
      queue,
      ({ item }) => {
        if (item === "fails") throw thrown;
      },
      { onError: (error) => reported.push(error) },
    );
    await queue.join();

    expect(reported).toEqual([thrown]);
    expect(await lastErrors(queue)).toEqual([expect.stringMatching(lastError)]);
    expect(await queue.describe()).toMatchObject({ done: 1, dead: 1, leased: 0 });
  });

  test("may be longer than a message can keep: its name, its beginning and where it was thrown are kept", async () => {
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.put("item");

    work(queue, () => Promise.reject(new RangeError("x".repeat(5_000))), { onError: () => undefined });
    await queue.join();

    const [lastError = ""] = await lastErrors(queue);
    expect(lastError).toMatch(/^RangeError: x+…\n\s+at /);
    expect(lastError.length).toBeLessThanOrEqual(1_024);
  });
});

describe("onError", () => {
  test.each([
    [
      "throws",
      () => {
        throw new Error("onError failed");
      },
    ],
    ["rejects", () => Promise.reject(new Error("onError failed"))],
  ])("that %s strands nothing, and both errors are printed", async (_, onError) => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.putMany(["fails", "next"]);

    const worker = work(
      queue,
      ({ item }) => {
        if (item === "fails") throw new Error("handler failed");
      },
      { onError: onError as () => void },
    );
    await queue.join();
    await worker.close();

    const errors = printed.mock.calls.map((words) => (words[1] as Error).message);
    expect(errors).toEqual(["handler failed", "onError failed"]);
    expect(await queue.describe()).toMatchObject({ done: 1, dead: 1, leased: 0 });
  });

  test("is not needed: errors are printed with the queue, the message and the attempt", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const queue = await freshQueue<string>({ maxAttempts: 2 });
    const id = await queue.put("fails");

    work(queue, () => Promise.reject(new Error("the database is away")));
    await queue.join();

    expect(printed.mock.calls.map(([text, error]) => [text, (error as Error).message])).toEqual([
      [`durable-queue: ${queue.name}: message ${id}, attempt 1:`, "the database is away"],
      [`durable-queue: ${queue.name}: message ${id}, attempt 2:`, "the database is away"],
    ]);
  });

  test("is called when the lease of a message ended before its ack", async () => {
    const queue = await freshQueue<string>();
    const id = await queue.put("item");
    const errors: QueueError[] = [];

    work(
      queue,
      async () => {
        await queue.cancel(id);
      },
      { onError: (error) => errors.push(error as QueueError) },
    );
    await expect.poll(() => errors.map(({ code }) => code)).toEqual(["lease_lost"]);

    expect(errors[0]?.message).toContain(id);
    expect(errors[0]?.queue).toBe(queue.name);
  });
});

describe("a handler that takes longer than timeoutSeconds", () => {
  test("has its signal aborted, its message is given back, and the next begins", async () => {
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.putMany(["hangs", "next"]);
    const errors: QueueError[] = [];
    const reasons: string[] = [];

    const worker = work(
      queue,
      ({ item, signal }) => {
        if (item !== "hangs") return undefined;
        signal.addEventListener("abort", () => reasons.push((signal.reason as QueueError).code));
        return new Promise(() => undefined);
      },
      { timeoutSeconds: 0.2, onError: (error) => errors.push(error as QueueError) },
    );
    await queue.join();
    await worker.close();

    expect(errors.map(({ code }) => code)).toEqual(["timeout"]);
    expect(reasons).toEqual(["timeout"]);
    expect(await lastErrors(queue)).toEqual([expect.stringContaining("longer than timeoutSeconds: 0.2")]);
    expect(await queue.describe()).toMatchObject({ done: 1, dead: 1 });
  });

  test("is not acked when it ends after all", async () => {
    const queue = await freshQueue<string>({ maxAttempts: 1 });
    await queue.put("slow");
    const slow = Promise.withResolvers<void>();

    const worker = work(queue, () => slow.promise, { timeoutSeconds: 0.1, onError: () => undefined });
    await queue.join();
    slow.resolve();
    await worker.close();

    expect(await queue.describe()).toMatchObject({ done: 0, dead: 1 });
  });
});
