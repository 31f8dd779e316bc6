/** A worker has no more messages in hand than its threads and processes can run. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APART, isolatedWorkers } from "../../support/isolation/isolated.ts";
import { TestServer } from "../../support/server.ts";
import { leasedOf, numbers } from "../../support/workers/workers.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

describe.each(APART)("in %s", (isolation) => {
  const start = isolatedWorkers(() => server.manager());

  test("as many as are worked on at the same time are leased, and no more", async () => {
    const { client, queue } = start({ isolation, processes: 2, concurrency: 2 });
    await client.hang.submitMany(numbers(8).map(() => undefined));
    await leasedOf(queue).toBe(4);

    for (let calls = 0; calls < 20; calls += 1) expect((await queue.describe()).leased).toBe(4);
  });

  test("what had waited behind quick handlers is given back when long ones run", async () => {
    const { client, queue } = start({ isolation, processes: 2 });
    const jobs = await client.square.submitMany(numbers(300));
    await Promise.all(jobs.map((job) => job.result()));

    await client.hang.submitMany(numbers(50).map(() => undefined));

    await leasedOf(queue).toBe(2);
    for (let calls = 0; calls < 20; calls += 1) expect((await queue.describe()).leased).toBe(2);
  });

  test("a worker that is paused has nothing when its handlers have ended, and goes on with all of its threads and processes", async () => {
    const { client, queue, worker } = start({ isolation, processes: 2 });
    const jobs = await client.block.submitMany([500, 500, 500, 500]);
    await leasedOf(queue).toBe(2);

    await worker.pause();
    expect(await queue.describe()).toMatchObject({ leased: 0, visible: 2, done: 2 });
    worker.resume();

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual([1, 1, 1, 1]);
  });
});
