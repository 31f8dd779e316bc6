/** What becomes of a pool whose worker ends before it, as after SIGTERM in a program that listens to it. */
import { expect, test } from "vitest";
import { WorkerReports } from "../../../worker-client/src/events/worker-reports.ts";
import { Closed } from "../../../worker-client/src/index.ts";
import { Pool } from "../../../worker-client/src/pools/pool.ts";
import type { Worker } from "../../../worker-client/src/workers/worker.ts";
import { errorOf } from "../../support/pools/pools.ts";

/** A pool that is given no results, and whose worker ends when it is told to. */
function poolWith() {
  const { promise: finished, resolve: end } = Promise.withResolvers<void>();
  const cancelled: string[] = [];
  const answers: (() => void)[] = [];
  let puts = 0;
  const pool = new Pool<number, number>("square", {
    name: "The pool of square (queue numbers)",
    jobs: {
      queue: "numbers",
      put: (chunks) => {
        puts += 1;
        const ids = chunks.map((_, index) => `${puts}-${index}`);
        return puts === 1 ? Promise.resolve(ids) : new Promise((resolve) => answers.push(() => resolve(ids)));
      },
      watch: () => () => undefined,
      ended: () => undefined,
      hasBegun: async () => false,
      cancel: async (id) => cancelled.push(id) > 0,
    },
    reports: new WorkerReports("numbers", { onError: () => undefined }),
    worker: { finished, close: () => finished } as unknown as Worker,
    workers: 1,
  });
  const turn = () => new Promise(setImmediate);
  return { pool, end, cancelled, answers, turn };
}

test("what has not ended fails when the worker of the pool has ended, and its jobs are left to others", async () => {
  const { pool, end, cancelled, answers, turn } = poolWith();
  const put = pool.mapAsync([1, 2, 3], { chunkSize: 1, idempotencyKey: "report" });
  await turn();
  await turn();
  const beingPut = pool.applyAsync(4);
  const iterator = pool.imap([5, 6], { bufferSize: 1 });
  await turn();

  end();
  const errors = await Promise.all([errorOf(put.get()), errorOf(beingPut.get()), errorOf(iterator.next())]);
  for (const answer of answers) answer();
  await turn();

  for (const error of errors) {
    expect(error).toBeInstanceOf(Closed);
    expect(error.message).toBe(
      "The pool of square (queue numbers) has no worker any more: a signal has ended it, its manager was closed, or its queue was shut down. What it had submitted is left to workers elsewhere.",
    );
  }
  expect(cancelled).toEqual([]);
  expect(() => pool.applyAsync(7)).toThrow(
    "The pool of square (queue numbers) is not running: its worker has ended: a signal has ended it, its manager was closed, or its queue was shut down. Make another one.",
  );
});

test("join ends when the worker has ended before what was submitted", async () => {
  const { pool, end, turn } = poolWith();
  const result = pool.applyAsync(1);
  await turn();

  pool.close();
  end();
  await pool.join();

  await expect(result.get()).rejects.toThrow("has no worker any more");
});
