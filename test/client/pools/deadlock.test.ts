/** What Python's documentation warns of. */
import { expect, test } from "vitest";
import { type Pool, Timeout } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { inMemory } from "../../support/pools/pools.ts";

test("a task that waits for a task of the same pool waits for ever", async () => {
  let pool: Pool<number, number> | undefined;
  const tasks = defineTasks("deadlock", {
    count: task({
      run: async (n: number): Promise<number> => (n === 0 ? 0 : 1 + ((await pool?.apply(n - 1)) ?? 0)),
    }),
  });
  pool = inMemory().pool(tasks, "count", { isolation: "event-loop", onError: () => undefined });

  expect(await pool.apply(0)).toBe(0);
  await expect(pool.applyAsync(1).get({ timeoutSeconds: 0.2 })).rejects.toThrow(Timeout);
  await pool.terminate();
});
