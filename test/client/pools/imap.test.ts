/** `imap` and `imapUnordered`: lazy, bounded, in order or as results come. */
import { describe, expect, test } from "vitest";
import { JobFailed, Timeout } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { counting, errorOf, HERE, inMemory, squares, waiting } from "../../support/pools/pools.ts";
import { Gate } from "../../support/workers/workers.ts";

async function all<Value>(iterator: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of iterator) values.push(value);
  return values;
}

async function* later<Value>(values: Iterable<Value>): AsyncGenerator<Value> {
  for (const value of values) {
    await new Promise(setImmediate);
    yield value;
  }
}

describe("imap", () => {
  test.each([1, 3, 10])("imap gives results in the order of the inputs: chunks of %s", async (chunkSize) => {
    const { pool } = squares();
    const inputs = Array.from({ length: 25 }, (_, n) => n);

    expect(await all(pool.imap(inputs, { chunkSize }))).toEqual(inputs.map((n) => n * n));
    expect(await all(pool.imap(later(inputs), { chunkSize }))).toEqual(inputs.map((n) => n * n));
  });

  test("imap reads an endless list as far as bufferSize is ahead of the reader", async () => {
    const { pool } = squares();
    const { seen, inputs } = counting();
    const iterator = pool.imap(inputs, { bufferSize: 10 });

    expect(seen.read).toBe(9);
    for (let n = 0; n < 50; n += 1) expect(await iterator.next()).toEqual({ done: false, value: n * n });
    await expect.poll(() => seen.read).toBe(59);
    await iterator.return();
    expect(seen.isClosed).toBe(true);
  });

  test("a loop that is left closes the list and cancels what has not ended", async () => {
    const { manager, pool } = squares();
    const { seen, inputs } = counting();

    for await (const value of pool.imap(inputs, { bufferSize: 100 })) if (value === 100) break;

    expect(seen.isClosed).toBe(true);
    await expect.poll(async () => (await manager.queue("numbers").describe()).unfinished).toBe(0);
    expect(await pool.apply(3)).toBe(9);
  });

  test("next gives up in time, and the result comes with a later call", async () => {
    const { pool, gate } = waiting();
    const iterator = pool.imap([1, 2]);

    const error = await errorOf(iterator.next({ timeoutSeconds: 0.01 }));
    expect(error).toBeInstanceOf(Timeout);
    expect(error.message).toBe("The next result of pass had not come after 0.01 s. It comes with a later call.");
    await expect(iterator.next({ timeoutSeconds: 0 })).rejects.toThrow(Timeout);
    gate.open();

    expect(await all(iterator)).toEqual([1, 2]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test.each([1, 5])("an error is thrown at its place, and next goes on behind it: chunks of %s", async (chunkSize) => {
    const { manager, tasks } = squares();
    const iterator = manager.pool(tasks, "even", HERE).imap([2, 3, 4, 5], { chunkSize });

    expect(await iterator.next()).toEqual({ done: false, value: 2 });
    await expect(iterator.next()).rejects.toThrow(JobFailed);
    expect(await iterator.next()).toEqual({ done: false, value: 4 });
    await expect(iterator.next()).rejects.toThrow("RangeError: 5 is odd.");
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test("what the list of inputs throws is thrown at its place", async () => {
    const { pool } = squares();
    const broken = function* () {
      yield 1;
      yield 2;
      throw new Error("the list is broken");
    };
    for (const iterator of [pool.imap(broken(), { chunkSize: 5 }), pool.imap(later(broken()), { chunkSize: 1 })]) {
      expect(await iterator.next()).toEqual({ done: false, value: 1 });
      expect(await iterator.next()).toEqual({ done: false, value: 4 });
      await expect(iterator.next()).rejects.toThrow("the list is broken");
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    }
  });

  test("several calls of next at a time get results in their order", async () => {
    const { pool } = squares();
    const iterator = pool.imap([1, 2, 3]);

    const steps = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);

    expect(steps.map(({ value }) => value)).toEqual([1, 4, 9, undefined]);
  });

  test("join after close lets an iterator that is not read end", async () => {
    const { pool } = squares();
    const iterator = pool.imap(
      Array.from({ length: 30 }, (_, n) => n),
      { bufferSize: 2 },
    );

    pool.close();
    await pool.join();

    expect(await all(iterator)).toHaveLength(30);
  });
});

test("an endless list that join reads leaves the event loop to other work", async () => {
  const { pool } = squares();
  const { seen, inputs } = counting();
  pool.imap(inputs);

  pool.close();
  const over = pool.join();
  await new Promise(setImmediate);
  await pool.terminate();
  await over;

  expect(seen.isClosed).toBe(true);
});

describe("imapUnordered", () => {
  test("imapUnordered gives results as they come", async () => {
    const gate = new Gate();
    const tasks = defineTasks("waiting", {
      slow: task({
        run: async (n: number) => {
          if (n === 0) await gate.passed;
          return n;
        },
      }),
    });
    const iterator = inMemory().pool(tasks, "slow", HERE).imapUnordered([0, 1, 2]);

    const first = [await iterator.next(), await iterator.next()].map(({ value }) => value);
    gate.open();

    expect(first.sort()).toEqual([1, 2]);
    expect(await all(iterator)).toEqual([0]);
  });
});
