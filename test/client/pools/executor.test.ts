/** What Python's documentation says of `concurrent.futures.Executor`. */
import { describe, expect, test } from "vitest";
import { Closed, type Future, JobCancelled, Timeout } from "../../../worker-client/src/index.ts";
import { numbersExecutor, waitingExecutor } from "../../support/pools/executors.ts";
import { numbersOf } from "../../support/pools/numbers.ts";
import { counting, errorOf, HERE } from "../../support/pools/pools.ts";

describe("an executor", () => {
  test("submit gives a future at once, whose result comes", async () => {
    const { executor } = numbersExecutor();

    const future = executor.submit("square", 7);

    expect(future.done()).toBe(false);
    expect(await future.result()).toBe(49);
    expect(await future.exception()).toBeUndefined();
    expect([future.done(), future.cancelled(), future.running()]).toEqual([true, false, false]);
    expect(future.jobId).toBeDefined();
  });

  test("map gives results in order, and reads as far as bufferSize is ahead", async () => {
    const { executor } = numbersExecutor();
    let read = 0;
    const inputs = (function* () {
      for (; read < 20; read += 1) yield read;
    })();

    const values: number[] = [];
    const iterator = executor.map("square", inputs, { bufferSize: 5 });
    expect(read).toBe(4);
    for await (const value of iterator) values.push(value);

    expect(values).toEqual(Array.from({ length: 20 }, (_, n) => n * n));
  });

  test("the time of map counts from the call, and what is left is cancelled", async () => {
    const { executor, manager, begun } = waitingExecutor();
    const iterator = executor.map("pass", [1, 2, 3], { timeoutSeconds: 0.05 });
    await expect.poll(() => begun).toEqual([1]);

    const error = await errorOf(iterator.next());

    expect(error).toBeInstanceOf(Timeout);
    expect(error.message).toBe(
      "Not all results of pass had come 0.05 s after the call of map(). Those that were left are cancelled.",
    );
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await expect.poll(async () => (await manager.queue("waiting").describe()).unfinished).toBe(0);
  });

  test("a task that there is not is refused", () => {
    const { executor } = numbersExecutor();

    expect(() => executor.submit("cube" as never, 1 as never)).toThrow(
      'The registry of numbers has no task "cube". It has: square, even, add, same, typeOf.',
    );
  });

  test("shutdown waits for what was submitted, and refuses more", async () => {
    const { executor, gate } = waitingExecutor();
    const future = executor.submit("pass", 1);
    let isOver = false;

    const over = executor.shutdown().then(() => {
      isOver = true;
    });
    expect(() => executor.submit("pass", 2)).toThrow(
      "The executor (queue waiting) is not running: it was closed. Make another one.",
    );
    expect(isOver).toBe(false);
    gate.open();
    await over;

    expect(future.done()).toBe(true);
    expect(await future.result()).toBe(1);
  });

  test("shutdown without wait returns at once, and what was submitted goes on", async () => {
    const { executor, gate } = waitingExecutor();
    const future = executor.submit("pass", 1);

    await executor.shutdown({ wait: false });
    expect(future.done()).toBe(false);
    gate.open();

    expect(await future.result()).toBe(1);
  });

  test("shutdown can cancel what has not begun", async () => {
    const { executor, gate, begun } = waitingExecutor();
    const futures = [1, 2, 3].map((n) => executor.submit("pass", n));
    await expect.poll(() => begun).toEqual([1]);

    const over = executor.shutdown({ cancelFutures: true });
    await expect.poll(() => futures.map((future) => future.cancelled())).toEqual([false, true, true]);
    gate.open();
    await over;

    expect(await futures[0]?.result()).toBe(1);
    expect(begun).toEqual([1]);
  });

  test("shutdown can cancel what map has submitted, and reads no more", async () => {
    const { executor, gate, begun } = waitingExecutor();
    const { seen, inputs } = counting();
    const iterator = executor.map("pass", inputs, { bufferSize: 3 });
    await expect.poll(() => begun).toEqual([0]);

    const over = executor.shutdown({ cancelFutures: true });
    await expect.poll(() => seen.isClosed).toBe(true);
    gate.open();
    await over;

    expect(await iterator.next()).toEqual({ done: false, value: 0 });
    await expect(iterator.next()).rejects.toThrow(JobCancelled);
    await expect(iterator.next()).rejects.toThrow(JobCancelled);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    expect(begun).toEqual([0]);
  });

  test("shutdown reads no more of a list whose map an error has ended", async () => {
    const { executor } = numbersExecutor();
    const { seen, inputs } = counting();

    const loop = async () => {
      for await (const value of executor.map("even", inputs, { bufferSize: 3 })) expect(value).toBe(0);
    };
    await expect(loop()).rejects.toThrow("RangeError: 1 is odd.");
    await executor.shutdown();

    expect(seen.isClosed).toBe(true);
    expect(seen.read).toBeLessThan(10);
  });

  test("await using waits, as the end of Python's with", async () => {
    const { manager } = numbersExecutor();
    let future: Future<number> | undefined;
    {
      await using executor = manager.executor(numbersOf("numbers"), HERE);
      future = executor.submit("square", 5);
    }

    expect(future.done()).toBe(true);
  });

  test.each(["terminateWorkers", "killWorkers"] as const)("%s ends what runs", async (end) => {
    const { executor, begun } = waitingExecutor();
    const future = executor.submit("pass", 1);
    await expect.poll(() => begun).toEqual([1]);

    await executor[end]();

    await expect(future.result()).rejects.toThrow(Closed);
  });
});
