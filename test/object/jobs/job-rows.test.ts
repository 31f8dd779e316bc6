/** What jobs with results cost in rows, by the queue's own counter: see `rows.test.ts`. */
import { expect, test } from "vitest";
import { call, descriptionOf, freshQueueInUse, numbers, receive } from "../../support/call.ts";

const JOB = { headers: { "dq-task": "resize" } };

/** Rows that this many jobs cost, from the put to the result. */
async function rowsPerJob(queue: string, jobs: number, work: () => Promise<void>): Promise<number> {
  const before = await descriptionOf(queue);
  await work();
  const after = await descriptionOf(queue);
  expect([after.done - before.done, after.results - before.results], "jobs that are done").toEqual([jobs, jobs]);
  return (after.rowsWritten - before.rowsWritten) / jobs;
}

async function putJobs(queue: string, count: number): Promise<void> {
  const messages = numbers(count).map((n) => ({ body: { task: "resize", image: n }, ...JOB }));
  await call("POST", `${queue}/messages`, { messages });
}

async function workOff(queue: string, max: number): Promise<void> {
  const received = await receive(queue, { max, timeoutSeconds: 10 });
  const results = received.map(({ body }) => ({ of: body, key: "images/7.png" }));
  await call("POST", `${queue}/ack`, { receipts: received.map(({ receipt }) => receipt), results });
}

test("one caller alone writes at most 4 rows per job", async () => {
  const queue = await freshQueueInUse();
  await call("PUT", queue, {});

  const rows = await rowsPerJob(queue, 60, async () => {
    for (const _ of numbers(60)) {
      await putJobs(queue, 1);
      await workOff(queue, 1);
    }
  });

  console.log(`one caller: ${rows} rows per job`);
  expect(rows).toBeLessThanOrEqual(4);
});

test("batches of 100 write at most 0.04 rows per job", async () => {
  const queue = await freshQueueInUse();
  await call("PUT", queue, {});

  const rows = await rowsPerJob(queue, 3_000, async () => {
    await putJobs(queue, 100);
    for (const _ of numbers(29)) await Promise.all([putJobs(queue, 100), workOff(queue, 100)]);
    await workOff(queue, 100);
  });

  console.log(`batches of 100: ${rows} rows per job`);
  expect(rows).toBeLessThanOrEqual(0.04);
});

test("32 callers write at most 0.4 rows per job", async () => {
  const queue = await freshQueueInUse();
  await call("PUT", queue, {});

  const rows = await rowsPerJob(queue, 640, async () => {
    for (const _ of numbers(20)) {
      await Promise.all(numbers(32).map(() => putJobs(queue, 1)));
      await Promise.all(numbers(32).map(() => workOff(queue, 1)));
    }
  });

  console.log(`32 callers: ${rows} rows per job`);
  expect(rows).toBeLessThanOrEqual(0.4);
});
