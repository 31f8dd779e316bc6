/** How pools begin and end. */
import { describe, expect, test } from "vitest";
import { Closed, Invalid, type PoolOptions } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { numbersOf } from "../../support/pools/numbers.ts";
import { errorOf, HERE, inMemory, squares, waiting } from "../../support/pools/pools.ts";

describe("the end of a pool", () => {
  test("close lets what was submitted end, and refuses more", async () => {
    const { pool, gate } = waiting();
    const result = pool.mapAsync([1, 2, 3]);

    pool.close();
    const refused = await errorOf(pool.apply(4));
    gate.open();
    await pool.join();

    expect(refused).toBeInstanceOf(Closed);
    expect(refused.message).toBe("The pool of pass (queue waiting) is not running: it was closed. Make another one.");
    expect(() => pool.applyAsync(4)).toThrow(Closed);
    expect(() => pool.imap([4])).toThrow(Closed);
    expect(await result.get()).toEqual([1, 2, 3]);
  });

  test("join before close is refused", async () => {
    const { pool } = squares();

    const error = await errorOf(pool.join());

    expect(error).toBeInstanceOf(Invalid);
    expect(error.message).toBe(
      "The pool of square (queue numbers) is still running: call close() or terminate() before join().",
    );
  });

  test("terminate drops what has not ended", async () => {
    const { pool, begun, manager } = waiting({ isolation: "event-loop" });
    const results = [pool.mapAsync([1, 2, 3], { chunkSize: 1 }), pool.applyAsync(4)];
    const iterator = pool.imap([5, 6]);
    await expect.poll(() => begun).toEqual([4]);

    await pool.terminate();
    await pool.join();

    for (const result of results) await expect(result.get()).rejects.toThrow(Closed);
    await expect(iterator.next()).rejects.toThrow(
      "The pool of pass (queue waiting) was terminated before this had ended.",
    );
    expect((await manager.queue("waiting").describe()).unfinished).toBe(0);
    expect(begun).toEqual([4]);
  });

  test("await using terminates, as the end of Python's with", async () => {
    const { tasks, manager, begun } = waiting();
    let result: Promise<number> | undefined;
    {
      await using pool = manager.pool(tasks, "pass", { ...HERE, onError: () => undefined });
      result = pool.apply(1);
      result.catch(() => undefined);
      await expect.poll(() => begun).toEqual([1]);
    }

    await expect(result).rejects.toThrow(Closed);
  });
});

describe("a pool that cannot be made", () => {
  test.each([
    [{ processes: 0.5 }, "processes must be an integer from 1 to 256, not 0.5."],
    [{ processors: 2 }, 'pool() has no option "processors".'],
    [{ isolation: "event-loop", processes: 2 }, "processes needs handlers that run in threads or processes"],
    [{}, "The tasks of numbers cannot run in processes: defineTasks() was not told in which module they are."],
  ])("says why: %j", (options, message) => {
    const manager = inMemory();

    expect(() => manager.pool(numbersOf("numbers"), "square", options as PoolOptions)).toThrow(message);
  });

  test("says that there is no such task, or no handler of it", () => {
    const tasks = defineTasks("declared", { far: task({ resultSeconds: 60 }) });
    const manager = inMemory();

    expect(() => manager.pool(tasks, "near" as never)).toThrow(
      'The registry of declared has no task "near". It has: far.',
    );
    expect(() => manager.pool(tasks, "far")).toThrow("The task far of declared has no handler here");
    expect(() => manager.pool("declared", "far", { processes: 2 })).toThrow("processes must be 0");
  });
});
