/** What Python's documentation says of `concurrent.futures.Future`, `wait` and `as_completed`. */
import { describe, expect, test } from "vitest";
import { asCompleted, type Future, JobCancelled, JobFailed, Timeout, wait } from "../../../worker-client/src/index.ts";
import { numbersExecutor, waitingExecutor } from "../../support/pools/executors.ts";
import { numbersOf } from "../../support/pools/numbers.ts";
import { errorOf, HERE, inMemory } from "../../support/pools/pools.ts";

describe("a future", () => {
  test("result throws what the handler threw, and exception gives it", async () => {
    const { executor } = numbersExecutor();
    const future = executor.submit("even", 3);

    await expect(future.result()).rejects.toThrow(JobFailed);
    expect(await future.exception()).toMatchObject({ remoteName: "RangeError", remoteMessage: "3 is odd." });
  });

  test("result and exception give up in time", async () => {
    const { executor, gate } = waitingExecutor();
    const future = executor.submit("pass", 1);

    const error = await errorOf(future.result({ timeoutSeconds: 0.01 }));
    await expect(future.exception({ timeoutSeconds: 0 })).rejects.toThrow(Timeout);
    gate.open();

    expect(error.message).toBe("A call of pass had not ended after 0.01 s. It goes on.");
    expect(await future.result()).toBe(1);
  });

  test("cancel removes a call that no worker has begun, and not one that runs or has ended", async () => {
    const { executor, gate, begun } = waitingExecutor();
    const [first, second, third] = [1, 2, 3].map((n) => executor.submit("pass", n)) as [Future, Future, Future];

    expect(await third.cancel()).toBe(true);
    await expect.poll(() => begun).toEqual([1]);
    expect(await first.cancel()).toBe(false);
    expect(await second.cancel()).toBe(true);
    expect(await second.cancel()).toBe(true);
    gate.open();

    expect(await first.result()).toBe(1);
    expect(await first.cancel()).toBe(false);
    expect([first, second, third].map((future) => future.cancelled())).toEqual([false, true, true]);
    expect(second.done()).toBe(true);
    await expect(second.result()).rejects.toThrow(JobCancelled);
    await expect(third.exception()).rejects.toThrow("A job of the task pass of waiting was cancelled.");
    expect(begun).toEqual([1]);
  });

  test("running is true once it is known that a worker has begun", async () => {
    const { executor, gate } = waitingExecutor();
    const future = executor.submit("pass", 1);

    expect(future.running()).toBe(false);
    await expect.poll(() => future.running()).toBe(true);
    gate.open();
    await future.result();
    expect(future.running()).toBe(false);
  });

  test("callbacks are called in their order, at once when it is done, and what they throw is reported", async () => {
    const reported: unknown[] = [];
    const manager = inMemory();
    const onError = (error: unknown) => reported.push(error);
    const executor = manager.executor(numbersOf("numbers"), { ...HERE, onError });
    const future = executor.submit("square", 2);
    const calls: unknown[] = [];
    const mistake = new Error("a mistake in a callback");

    future.addDoneCallback((done) => calls.push(["first", done === future, done.done()]));
    future.addDoneCallback(() => {
      throw mistake;
    });
    future.addDoneCallback(() => calls.push("second"));
    await future.result();
    future.addDoneCallback(() => calls.push("third"));

    expect(calls).toEqual([["first", true, true], "second", "third"]);
    expect(reported).toEqual([mistake]);
  });
});

describe("wait", () => {
  test("wait gives those that are done and those that are not, without duplicates", async () => {
    const { executor, gate } = waitingExecutor();
    const first = executor.submit("pass", 1);
    const second = executor.submit("pass", 2);

    expect(await wait([first, second, first], { timeoutSeconds: 0.01 })).toEqual({
      done: new Set(),
      notDone: new Set([first, second]),
    });
    gate.open();

    expect(await wait([first, second, first])).toEqual({ done: new Set([first, second]), notDone: new Set() });
    expect(await wait([])).toEqual({ done: new Set(), notDone: new Set() });
  });

  test("wait can end with the first that is done", async () => {
    const { executor, gate } = waitingExecutor();
    const first = executor.submit("pass", 1);
    const second = executor.submit("pass", 2);
    const ended = wait([first, second], { returnWhen: "FIRST_COMPLETED" });
    expect(await second.cancel()).toBe(true);

    expect(await ended).toEqual({ done: new Set([second]), notDone: new Set([first]) });
    gate.open();
  });

  test("wait can end with the first that has failed, of which a cancelled one is none", async () => {
    const { executor, gate, manager } = waitingExecutor();
    const slow = executor.submit("pass", 1);
    const cancelled = executor.submit("pass", 2);
    const failing = manager.executor(numbersOf("numbers"), HERE).submit("even", 3);
    const futures: Future[] = [slow, cancelled, failing];
    await cancelled.cancel();

    const { done, notDone } = await wait(futures, { returnWhen: "FIRST_EXCEPTION" });

    expect(done).toEqual(new Set([cancelled, failing]));
    expect(notDone).toEqual(new Set([slow]));
    gate.open();
  });

  test("wait refuses what is no future", async () => {
    await expect(wait([1 as never])).rejects.toThrow("wait() takes futures or jobs, not 1.");
    await expect(wait([], { returnWhen: "FIRST" as never })).rejects.toThrow(
      'returnWhen must be "ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION", not "FIRST".',
    );
  });
});

describe("asCompleted", () => {
  test("asCompleted gives futures as they end, those that have ended first", async () => {
    const { executor, gate } = waitingExecutor();
    const slow = executor.submit("pass", 1);
    const cancelled = executor.submit("pass", 2);
    await cancelled.cancel();
    const order: Future[] = [];

    for await (const future of asCompleted([slow, cancelled, slow])) {
      order.push(future);
      gate.open();
    }

    expect(order).toEqual([cancelled, slow]);
  });

  test("asCompleted gives up in time", async () => {
    const { executor, gate } = waitingExecutor();
    const steps = asCompleted([executor.submit("pass", 1)], { timeoutSeconds: 0.01 });

    await expect(steps.next()).rejects.toThrow("1 of 1 jobs had not ended after 0.01 s. They go on.");
    gate.open();
  });

  test("asCompleted and wait take jobs too", async () => {
    const { manager, executor } = numbersExecutor();
    const job = await manager.tasks(numbersOf("numbers")).square.submit(4);
    const future = executor.submit("square", 5);

    const { done } = await wait<typeof job | typeof future>([job, future]);
    const results: unknown[] = [];
    for await (const each of asCompleted<typeof job | typeof future>([job, future])) results.push(await each.result());

    expect(done.size).toBe(2);
    expect(results).toEqual([16, 25]);
  });
});
