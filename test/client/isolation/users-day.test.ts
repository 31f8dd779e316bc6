/** What went wrong with the processes of other queues on an ordinary day. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { JobFailed } from "../../../worker-client/src/index.ts";
import { APART, isolatedWorkers } from "../../support/isolation/isolated.ts";
import { TestServer } from "../../support/server.ts";
import { leasedOf, numbers } from "../../support/workers/workers.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

describe.each(APART)("in %s", (isolation) => {
  const start = isolatedWorkers(() => server.manager());

  const odd = [
    ["bigint", "InvalidOutput"],
    ["circular", "InvalidOutput"],
    ["function", undefined],
    ["throwsNull", "Error"],
    ["throwsCircular", "Error"],
    ["throwsGetter", "Error"],
  ] as const;
  test("what has no JSON form ends its job and nothing else", async () => {
    const { client, worker } = start({ isolation });
    const jobs = await client.odd.submitMany(odd.map(([kind]) => kind));
    const ends = await Promise.all(
      jobs.map((job) => job.result().catch((error: unknown) => (error as JobFailed).remoteName ?? "Error")),
    );

    expect(ends).toEqual(odd.map(([, name]) => name ?? null));
    expect(await (await client.square.submit(7)).result()).toBe(49);
    expect(worker.crashes).toBe(0);
  });

  test("cancelling all that runs leaves a worker that works on", async () => {
    const { client, queue, worker } = start({ isolation, processes: 2, concurrency: 2 });
    const jobs = await client.untilAborted.submitMany(numbers(4).map(() => null));
    await leasedOf(queue).toBe(4);

    expect(await Promise.all(jobs.map((job) => job.cancel()))).toEqual([true, true, true, true]);
    expect(await (await client.square.submit(8)).result()).toBe(64);
    expect(worker.crashes).toBe(0);
  });
});

// Not in threads: V8 can end a program whose threads come and go so quickly, see docs/scaling/cpu-and-io.md.
describe("processes that are replaced", () => {
  const start = isolatedWorkers(() => server.manager());

  test("where each has only a few tasks, no task is lost or tried again while they are replaced", async () => {
    const { client, worker, reported } = start({ isolation: "processes", processes: 2, maxTasksPerProcess: 3 });
    const jobs = await client.block.submitMany(numbers(60).map(() => 1));

    expect(new Set(await Promise.all(jobs.map((job) => job.result())))).toEqual(new Set([1]));
    expect(worker.crashes).toBe(0);
    expect(reported).toEqual([]);
  });

  test("each task has a new one with maxTasksPerProcess 1", async () => {
    const { client } = start({ isolation: "processes", processes: 1, maxTasksPerProcess: 1 });
    const jobs = await client.here.submitMany(numbers(4).map(() => undefined));

    expect(new Set(await Promise.all(jobs.map((job) => job.result()))).size).toBe(4);
  });
});

describe("a process that is stopped for longer than a lease", () => {
  const start = isolatedWorkers(() => server.manager());

  test("keeps its message, as the machine of a debugger does", async () => {
    const { client, queue } = start({ isolation: "processes", processes: 1, leaseSeconds: 1 });
    await queue.configure({ maxAttempts: 1 });
    const pid = await (await client.here.submit(undefined)).result();
    let isStopped = false;
    onTestFinished(() => void (isStopped && process.kill(pid, "SIGCONT")));
    const job = await client.block.submit(500);
    await leasedOf(queue).toBe(1);
    process.kill(pid, "SIGSTOP");
    isStopped = true;

    const { leaseEndsAt } = await job.status();
    const extended = async () => Number((await job.status()).leaseEndsAt) - Number(leaseEndsAt);
    await expect.poll(extended).toBeGreaterThan(2_000);
    process.kill(pid, "SIGCONT");
    isStopped = false;

    expect(await job.result()).toBe(1);
  });
});
