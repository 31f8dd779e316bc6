/** Queues in memory, in the time of the machine: the task queue of one process. */
import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { Closed, Empty } from "../../../worker-client/src/index.ts";

test("n workers share the tasks, and join waits for the last", async () => {
  await using memory = new MemoryManager();
  const queue = memory.queue<number>("numbers");
  const results: number[] = [];
  for (let worker = 0; worker < 4; worker += 1) queue.work(({ item }) => void results.push(item * item));
  await queue.putMany(Array.from({ length: 1_000 }, (_, n) => n));

  expect(await queue.join()).toBe(true);

  expect(results.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, n) => n * n));
});

test("a master hands out tasks and collects results by two queues, as in Python's queue module", async () => {
  await using memory = new MemoryManager();
  const tasks = memory.queue<number | "stop">("task_queue");
  const results = memory.queue<number>("result_queue");
  const worker = async () => {
    for (let task = await tasks.get(); task !== "stop"; task = await tasks.get()) {
      await results.put(task * 2);
      await tasks.taskDone();
    }
  };
  const workers = [worker(), worker()];
  await tasks.putMany([1, 2, 3]);
  await tasks.join();
  await tasks.putMany(["stop", "stop"]);
  await Promise.all(workers);

  expect([await results.get(), await results.get(), await results.get()].sort()).toEqual([2, 4, 6]);
  await expect(results.getNowait()).rejects.toThrow(Empty);
});

test("a handler that waits for something else is awaited by idle", async () => {
  await using memory = new MemoryManager({ time: "virtual" });
  const queue = memory.queue("slow");
  let done = false;
  queue.work(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    done = true;
  });
  await queue.put("a");

  await memory.idle();

  expect(done).toBe(true);
});

test("what a call that is aborted at once was given is given back", async () => {
  await using memory = new MemoryManager();
  const queue = memory.queue("left");
  await queue.putMany([1, 2]);

  for (const call of ["get", "receive"] as const) {
    const caller = new AbortController();
    const called = queue[call]({ signal: caller.signal });
    caller.abort();
    await expect(called).rejects.toThrow("aborted");
  }

  expect(await queue.describe()).toMatchObject({ visible: 2, leased: 0 });
});

test("a signal keeps no listener of a call that is answered", async () => {
  await using memory = new MemoryManager();
  const queue = memory.queue("signalled");
  const { signal } = new AbortController();

  await queue.put(1, { signal });
  await queue.get({ signal });
  const waiting = queue.get({ signal });
  await queue.put(2, { signal });
  await waiting;

  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("managers share nothing", async () => {
  await using one = new MemoryManager();
  await using other = new MemoryManager();
  await one.queue("a").put(1);

  expect(await other.queue("a").qsize()).toBe(0);
  const names: string[] = [];
  for (const manager of [one, other]) for await (const name of manager.queueNames()) names.push(name);
  expect(names).toEqual(["a"]);
});

test("an item that is changed after its put stays as it was", async () => {
  await using memory = new MemoryManager();
  const item = { n: 1, at: new Date(0) };
  await memory.queue("copied").put(item);
  item.n = 2;

  expect(await memory.queue("copied").get()).toEqual({ n: 1, at: "1970-01-01T00:00:00.000Z" });
});

test("bytes arrive as bytes", async () => {
  await using memory = new MemoryManager();
  await memory.queue("bytes").put(new Uint8Array([0, 255]));

  expect(await memory.queue("bytes").get()).toEqual(new Uint8Array([0, 255]));
});

describe("a manager that is closed", () => {
  test("ends the calls that wait and refuses those that come", async () => {
    const memory = new MemoryManager();
    const waiting = memory.queue("a").get();
    const failed = expect(waiting).rejects.toThrow(Closed);
    await memory.close();

    await failed;
    await expect(memory.queue("a").put(1)).rejects.toThrow(Closed);
  });

  test("waits for the handlers that run", async () => {
    const memory = new MemoryManager();
    const queue = memory.queue("a");
    const begun = Promise.withResolvers<void>();
    let done = false;
    queue.work(async () => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 20));
      done = true;
    });
    await queue.put(1);
    await begun.promise;

    await memory.close();

    expect(done).toBe(true);
  });
});

test("an aborted get takes nothing", async () => {
  await using memory = new MemoryManager();
  const queue = memory.queue("aborted");
  const stopping = new AbortController();
  const waiting = queue.get({ signal: stopping.signal });
  stopping.abort(new Error("stop"));
  await expect(waiting).rejects.toThrow("stop");
  await queue.put("a");

  expect(await queue.get()).toBe("a");
});
