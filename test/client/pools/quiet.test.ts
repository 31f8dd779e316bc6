/** What a pool cancels itself is no error of its worker. */
import { expect, test } from "vitest";
import { JobCancelled } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { HERE, inMemory, squares, waitingTasks } from "../../support/pools/pools.ts";
import { Gate } from "../../support/workers/workers.ts";

test("a loop that is left, and terminate, report nothing of what they cancel", async () => {
  const errors: unknown[] = [];
  const { pool, manager } = squares({ ...HERE, onError: (error) => errors.push(error) });
  for (let n = 0; n < 20; n += 1) for await (const _ of pool.imap([1, 2, 3, 4, 5, 6, 7, 8])) break;
  await expect.poll(async () => (await manager.queue("numbers").describe()).unfinished).toBe(0);
  await pool.terminate();

  expect(errors).toEqual([]);
});

test.each(["heeds", "goesOn"] as const)("terminate reports nothing of handlers that run: one that %s", async (name) => {
  const errors: unknown[] = [];
  const gate = new Gate();
  const begun: number[] = [];
  const tasks = defineTasks("waiting", {
    heeds: task({
      run: (n: number, { signal }) => {
        begun.push(n);
        return new Promise<number>((_, reject) => {
          signal.addEventListener("abort", () => reject(n === 1 ? signal.reason : new Error("ended")));
        });
      },
    }),
    goesOn: task({
      run: async (n: number) => {
        begun.push(n);
        await gate.passed;
        return n;
      },
    }),
  });
  const pool = inMemory().pool(tasks, name, { ...HERE, onError: (error) => errors.push(error) });
  const result = pool.mapAsync([1, 2], { chunkSize: 1 });
  await expect.poll(() => begun.length).toBe(2);

  await pool.terminate();
  gate.open();
  await expect(result.get()).rejects.toThrow("terminated");
  await new Promise(setImmediate);

  expect(errors).toEqual([]);
});

test("jobs that another program cancels are reported", async () => {
  const errors: unknown[] = [];
  const { tasks, begun } = waitingTasks();
  const manager = inMemory();
  const pool = manager.pool(tasks, "pass", { ...HERE, onError: (error) => errors.push(error) });
  const result = pool.applyAsync(1);
  await expect.poll(() => begun.length).toBe(1);

  for await (const { id } of manager.queue("waiting").messages())
    await manager.queue("waiting").job(id, undefined).cancel();

  await expect(result.get()).rejects.toThrow(JobCancelled);
  await expect.poll(() => errors).toHaveLength(1);
});
