/** Listeners that fail, and what is printed of errors that no listener takes. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import type { WorkOptions } from "../../../worker-client/src/index.ts";
import { namesOf, toldBy } from "../../support/workers/told.ts";

let memory: MemoryManager;
let printed: unknown[][];
beforeEach(() => {
  memory = new MemoryManager({ time: "virtual" });
  printed = [];
  vi.spyOn(console, "error").mockImplementation((...words) => printed.push(words));
});
afterEach(async () => {
  await memory.close();
  vi.restoreAllMocks();
});

const boom = new Error("the listener failed");

/** A worker whose handler fails for items that begin with `bad`. */
function workerOf(options?: WorkOptions) {
  const queue = memory.queue<string>("letters");
  const worker = queue.work(({ item }) => {
    if (item.startsWith("bad")) throw new Error(`${item} failed`);
  }, options);
  return { queue, worker };
}

function texts(): string[] {
  return printed.map(([text, error]) => `${text} ${(error as Error).message}`);
}

describe("a listener that fails", () => {
  test.each([
    [
      "throws",
      () => {
        throw boom;
      },
    ],
    ["rejects", () => Promise.reject(boom)],
  ])("changes nothing for its message or its worker if it %s, and is told as an error once", async (_, listener) => {
    const { queue, worker } = workerOf();
    worker.on("completed", listener);
    const told = toldBy(worker);
    await queue.putMany(["a", "b"]);

    await memory.advance(0);

    expect(namesOf(told, "a").sort()).toEqual(["completed", "error", "started"]);
    expect(told.filter(({ name }) => name === "error").map(({ error }) => error)).toEqual([boom, boom]);
    expect(await queue.describe()).toMatchObject({ done: 2, leased: 0, visible: 0 });
  });

  test("is printed with its message and the event if no listener takes errors", async () => {
    const { queue, worker } = workerOf();
    worker.on("started", () => {
      throw boom;
    });
    const id = await queue.put("a");

    await memory.advance(0);

    expect(printed).toEqual([
      [`durable-queue: letters: message ${id}, attempt 1: a listener of started failed:`, boom],
    ]);
    expect(await queue.describe()).toMatchObject({ done: 1 });
  });

  test("of errors is printed, and not called with its own error", async () => {
    const { queue, worker } = workerOf();
    let calls = 0;
    worker.on("error", () => {
      calls += 1;
      throw boom;
    });
    worker.on("started", () => {
      throw new Error("first");
    });
    await queue.put("a");

    await memory.advance(0);

    expect(calls).toBe(1);
    expect(texts()).toEqual([expect.stringContaining("a listener of error failed: the listener failed")]);
  });

  test("of errors that rejects does not end the process, nor is it called again", async () => {
    const { queue, worker } = workerOf();
    let calls = 0;
    worker.on("error", async () => {
      calls += 1;
      throw boom;
    });
    worker.on("completed", () => Promise.reject(new Error("first")));
    await queue.put("a");

    await memory.advance(0);

    expect(calls).toBe(1);
    expect(texts()).toEqual([expect.stringContaining("a listener of error failed")]);
  });

  test("does not keep the others of its event from being called", async () => {
    const { queue, worker } = workerOf({ onError: () => undefined });
    const items: string[] = [];
    worker.on("completed", () => {
      throw boom;
    });
    worker.on("completed", ({ message }) => items.push(message.item));
    await queue.put("a");

    await memory.advance(0);

    expect(items).toEqual(["a"]);
  });
});

describe("what a handler throws", () => {
  test("is printed if there are listeners of errors and of other events alone", async () => {
    const { queue, worker } = workerOf();
    worker
      .on("error", () => undefined)
      .on("retrying", () => undefined)
      .on("lost", () => undefined);
    await queue.put("bad");

    await memory.advance(0);

    expect(texts()).toEqual([expect.stringMatching(/^durable-queue: letters: message \S+, attempt 1: bad failed$/)]);
  });

  test("is not printed if a listener of failed is told it", async () => {
    const { queue, worker } = workerOf();
    const errors: unknown[] = [];
    worker.on("failed", ({ error }) => errors.push(error));
    await queue.put("bad");

    await memory.advance(0);

    expect(errors).toEqual([new Error("bad failed")]);
    expect(printed).toEqual([]);
  });

  test("is told to onError and to listeners, each once", async () => {
    const errors: unknown[] = [];
    const { queue, worker } = workerOf({ onError: (error) => errors.push(error) });
    const told = toldBy(worker);
    await queue.put("bad");

    await memory.advance(0);

    expect(errors).toEqual([new Error("bad failed")]);
    expect(namesOf(told)).toEqual(["started", "failed", "retrying"]);
    expect(printed).toEqual([]);
  });

  test("of any kind is what a listener gets", async () => {
    const thrown = {
      get message(): string {
        throw new Error("no message");
      },
    };
    const queue = memory.queue<string>("letters");
    const worker = queue.work(() => {
      throw thrown;
    });
    const errors: unknown[] = [];
    worker.on("failed", ({ error }) => errors.push(error));
    await queue.put("a");

    await memory.advance(0);

    expect(errors[0]).toBe(thrown);
  });
});

test("a hundred listeners of an event cause no warning", async () => {
  const warned = vi.spyOn(process, "emitWarning").mockReturnValue();
  const { queue, worker } = workerOf();
  let calls = 0;
  for (let index = 0; index < 100; index += 1)
    worker.on("completed", () => {
      calls += 1;
    });
  await queue.put("a");

  await memory.advance(0);

  expect(calls).toBe(100);
  expect(warned).not.toHaveBeenCalled();
});
