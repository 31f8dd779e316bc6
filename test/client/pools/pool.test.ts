/** What Python's documentation says of `multiprocessing.Pool` and `AsyncResult`. */
import { describe, expect, test } from "vitest";
import { JobFailed, Timeout } from "../../../worker-client/src/index.ts";
import { numbersOf } from "../../support/pools/numbers.ts";
import { errorOf, HERE, inMemory, squares, waiting } from "../../support/pools/pools.ts";

describe("apply", () => {
  test("apply gives the result of one input", async () => {
    const { pool } = squares();

    expect(await pool.apply(7)).toBe(49);
  });

  test("apply throws what the handler threw, after one attempt", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "even", HERE);

    const error = await errorOf(pool.apply(7));

    expect(error).toBeInstanceOf(JobFailed);
    expect(error).toMatchObject({ remoteName: "RangeError", remoteMessage: "7 is odd.", attempts: 1, task: "even" });
    expect((error as JobFailed).remoteStack).toContain("RangeError: 7 is odd.");
  });

  test("applyAsync calls back with the value, or with the error", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "even", HERE);
    const calls: unknown[] = [];
    const callbacks = {
      callback: (value: number) => calls.push(value),
      errorCallback: (error: unknown) => calls.push((error as JobFailed).remoteMessage),
    };

    await pool.applyAsync(8, callbacks).wait();
    await pool.applyAsync(9, callbacks).wait();

    expect(calls).toEqual([8, "9 is odd."]);
  });

  test("an error in a callback is reported, and the pool goes on", async () => {
    const reported: unknown[] = [];
    const { pool } = squares({ ...HERE, onError: (error) => reported.push(error) });
    const error = new Error("a mistake in the callback");
    const callback = () => {
      throw error;
    };
    const later = async () => Promise.reject(error);

    expect(await pool.applyAsync(3, { callback }).get()).toBe(9);
    expect(await pool.applyAsync(4, { callback: later }).get()).toBe(16);
    expect(await pool.map([1, 2])).toEqual([1, 4]);
    expect(reported).toEqual([error, error]);
  });
});

describe("an AsyncResult", () => {
  test("get gives up in time, and can be asked again", async () => {
    const { pool, gate } = waiting();
    const result = pool.applyAsync(5);

    const error = await errorOf(result.get({ timeoutSeconds: 0.01 }));
    gate.open();

    expect(error).toBeInstanceOf(Timeout);
    expect(error.message).toBe("apply() of pass had no result after 0.01 s. It goes on.");
    expect(await result.get()).toBe(5);
    expect(await result.get({ timeoutSeconds: 0 })).toBe(5);
  });

  test("wait ends in time without an error", async () => {
    const { pool, gate } = waiting();
    const result = pool.applyAsync(5);

    await result.wait({ timeoutSeconds: 0.01 });
    expect(result.ready()).toBe(false);
    gate.open();
    await result.wait();
    expect(result.ready()).toBe(true);
  });

  test("successful says whether there is an error, and throws before it is known", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "even", HERE);
    const good = pool.applyAsync(2);
    const bad = pool.applyAsync(3);

    expect(() => good.successful()).toThrow(
      "apply() of even has neither a result nor an error yet: wait() for it first.",
    );
    await Promise.all([good.wait(), bad.wait()]);
    expect([good.successful(), bad.successful()]).toEqual([true, false]);
  });

  test("get ends with the reason of a signal, and the work goes on", async () => {
    const { pool, gate } = waiting();
    const result = pool.applyAsync(5);
    const aborting = new AbortController();

    const ended = errorOf(result.get({ signal: aborting.signal }));
    aborting.abort(new Error("enough"));
    gate.open();

    expect((await ended).message).toBe("enough");
    expect(await result.get()).toBe(5);
  });
});

describe("map", () => {
  test.each([1, 3, 7, 100, undefined])(
    "map gives results in the order of the inputs: chunks of %s",
    async (chunkSize) => {
      const { pool } = squares();
      const inputs = Array.from({ length: 100 }, (_, n) => n);

      expect(await pool.map(inputs, { chunkSize })).toEqual(inputs.map((n) => n * n));
    },
  );

  test("map takes a list of a class of its own, whose slices cannot be made", async () => {
    class Rows extends Array<number> {
      constructor(table: { rows: number[] }) {
        super();
        this.push(...table.rows);
      }
    }
    const { pool } = squares();

    expect(await pool.map(new Rows({ rows: [3, 1, 2] }), { chunkSize: 2 })).toEqual([9, 1, 4]);
  });

  test("map takes any iterable as a whole", async () => {
    const { pool } = squares();

    expect(await pool.map(new Set([3, 1, 2]))).toEqual([9, 1, 4]);
    expect(await pool.map([])).toEqual([]);
    await expect(
      pool.map(
        (function* () {
          yield 1;
          throw new Error("the list is broken");
        })(),
      ),
    ).rejects.toThrow("the list is broken");
    await expect(pool.map(7 as never)).rejects.toThrow("map() takes its inputs as a list, or another iterable, not 7.");
  });

  test("map makes four chunks for each worker", async () => {
    const manager = inMemory();
    const pool = manager.pool(numbersOf("numbers"), "square", { processes: 0 });
    pool.mapAsync(Array.from({ length: 33 }, (_, n) => n));

    await expect.poll(async () => (await manager.queue("numbers").describe()).visible).toBe(11);
  });

  test("map throws the error of the first input that fails when all have ended", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "even", HERE);
    const result = pool.mapAsync([2, 4, 5, 6, 7, 8], { chunkSize: 2 });

    const error = await errorOf(result.get());

    expect(error).toMatchObject({ remoteMessage: "5 is odd." });
    expect((await manager.queue("numbers").describe()).unfinished).toBe(0);
  });

  test("mapAsync calls back with all values, or with the first error", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "even", HERE);
    const calls: unknown[] = [];
    const callbacks = {
      callback: (values: number[]) => calls.push(values),
      errorCallback: (error: unknown) => calls.push((error as JobFailed).remoteMessage),
    };

    await pool.mapAsync([2, 4], callbacks).wait();
    await pool.mapAsync([2, 3], callbacks).wait();

    expect(calls).toEqual([[2, 4], "3 is odd."]);
  });

  test("starmap gives the handler each list", async () => {
    const { manager, tasks } = squares();
    const pool = manager.pool(tasks, "add", HERE);

    expect(
      await pool.starmap([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual([3, 7]);
    expect(await pool.starmapAsync([[5, 6]]).get()).toEqual([11]);
    await expect(pool.starmap([[1, 2], 3 as never])).rejects.toThrow("starmap() takes lists, but inputs[1] is none.");
  });

  test("a chunk size less than 1 is refused", async () => {
    const { pool } = squares();

    await expect(pool.map([1], { chunkSize: 0 })).rejects.toThrow(RangeError);
    expect(() => pool.imap([1], { chunkSize: 0 })).toThrow("chunkSize must be an integer from 1 to 1000000, not 0.");
  });

  test("a signal cancels what has not ended", async () => {
    const { pool, manager, begun } = waiting({ isolation: "event-loop" });
    const aborting = new AbortController();

    const ended = errorOf(pool.map([1, 2, 3], { chunkSize: 1, signal: aborting.signal }));
    await expect.poll(() => begun).toEqual([1]);
    aborting.abort(new Error("enough"));

    expect((await ended).message).toBe("enough");
    await expect.poll(async () => (await manager.queue("waiting").describe()).unfinished).toBe(0);
    expect(begun).toEqual([1]);
  });
});
