/** The keys under which the parts of one call are put: calls under different keys have none in common, nor have its parts. */
import { expect, test } from "vitest";
import { IdempotencyKeyReused } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { HERE, inMemory, squares } from "../../support/pools/pools.ts";

test.each([1, 600])(
  "a keyed map is put in parts where a queue has room for few, each under its own key: %s",
  async (maxSize) => {
    const { manager, pool } = squares();
    await manager.queue("numbers").configure({ maxSize });
    const inputs = Array.from({ length: 1_100 }, (_, n) => n);
    const options = { chunkSize: 1, idempotencyKey: "k".repeat(200) };

    expect(await pool.map(inputs, options)).toEqual(inputs.map((n) => n * n));
    expect(await pool.map(inputs, options)).toEqual(inputs.map((n) => n * n));
  },
);

test("keys that begin alike, or look like those of parts, are different keys", async () => {
  const { pool } = squares();
  const inputs = Array.from({ length: 2_100 }, (_, n) => n);
  await pool.map(inputs, { chunkSize: 1, idempotencyKey: "a" });

  for (const idempotencyKey of ["a.1", "a.from-0", "a:1", "1:a", "0:a", "b:0:a", "from-0:a"]) {
    expect(await pool.map([3], { chunkSize: 1, idempotencyKey })).toEqual([9]);
  }
  await expect(pool.map([3], { chunkSize: 1, idempotencyKey: "a" })).rejects.toThrow(IdempotencyKeyReused);
});

test("a keyed map goes on however often a worker stops in its chunk", async () => {
  const tasks = defineTasks("large", { repeat: task({ run: (n: number) => `${n}`.padEnd(550_000, "-") }) });
  const pool = inMemory().pool(tasks, "repeat", HERE);
  const inputs = Array.from({ length: 60 }, (_, n) => n);

  const results = await pool.map(inputs, { chunkSize: 60, idempotencyKey: "k".repeat(200) });

  expect(results.map((text) => Number.parseInt(text, 10))).toEqual(inputs);
});
