/** Handlers in threads and processes do what handlers in the event loop do, and may block. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { APART, isolatedWorkers } from "../../support/isolation/isolated.ts";
import { TestServer } from "../../support/server.ts";
import { numbers } from "../../support/workers/workers.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

describe.each(APART)("in %s", (isolation) => {
  const start = isolatedWorkers(() => server.manager());
  const startInMemory = isolatedWorkers(() => new MemoryManager());

  test("many jobs have their results", async () => {
    const { client, worker } = start({ isolation, processes: 2, concurrency: 8 });
    const jobs = await client.square.submitMany(numbers(500));

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(numbers(500).map((n) => n * n));
    await worker.close();
  });

  test("handlers that block for three times a lease run once and lose no attempt", async () => {
    const { client, queue, reported } = start({ isolation, processes: 2, leaseSeconds: 1 });
    await queue.configure({ maxAttempts: 1 });
    const jobs = await client.block.submitMany([3_000, 3_000]);

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual([1, 1]);
    expect(reported).toEqual([]);
  });

  test("they run apart from the worker, each in its own", async () => {
    const { client } = start({ isolation, processes: 2 });
    const jobs = [await client.block.submit(1_000), await client.here.submit()];

    expect(await jobs[1]?.result()).not.toBe(process.pid);
  });

  test("progress, logs and calls about the message take their way through the worker", async () => {
    const lines: unknown[][] = [];
    const write = (...line: unknown[]) => lines.push(line);
    const logger = { debug: () => undefined, info: () => undefined, warn: write, error: write };
    const { client, queue, reported } = start({ isolation, logger });
    const job = await client.report.submit(null);

    expect(await job.result()).toBe("by the call");
    expect(lines).toEqual([
      [
        `report ${job.id}: half of it {"percent":50} 5`,
        expect.objectContaining({ queue: queue.name, id: job.id, attempt: 1, task: "report" }),
      ],
    ]);
    expect(reported).toEqual([]);
  });

  test("the last progress is told again after the server was started again", async () => {
    const { client } = start({ isolation });
    const job = await client.long.submit(null);
    const progress = async () => (await job.status()).progress;
    await expect.poll(progress).toEqual({ percent: 30 });
    await server.crash();
    await server.start();

    await expect.poll(progress).toEqual({ percent: 30 });
  });

  test("a call that is refused throws in the handler what it throws here", async () => {
    const { client } = start({ isolation });

    expect(await (await client.refused.submit(null)).result()).toMatch(/^Invalid: /);
  });

  test("what a handler throws is kept with its name, its message and where it was thrown", async () => {
    const { client, reported } = start({ isolation });
    const error = await (await client.fail.submit()).result().catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ remoteName: "RangeError", remoteMessage: "It is out of range.", attempts: 1 });
    expect((error as { remoteStack: string }).remoteStack).toContain("test/support/isolation/tasks.ts");
    expect(reported).toEqual([expect.objectContaining({ message: "It is out of range.", code: "ERR_RANGE" })]);
    expect(reported[0]).toBeInstanceOf(RangeError);
  });

  test("inputs and results may be large", async () => {
    const { client } = start({ isolation, concurrency: 4 });
    const texts = numbers(4).map((n) => String(n).repeat(1_000_000));
    const jobs = await client.echo.submitMany(texts);

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(texts);
  });

  test("it is so with queues in memory too", async () => {
    const { client, reported } = startInMemory({ isolation, processes: 2, concurrency: 4 });
    const jobs = await client.square.submitMany(numbers(100));

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(numbers(100).map((n) => n * n));
    expect(reported).toEqual([]);
  });

  test("one is replaced after so many tasks, and that is no crash", async () => {
    const { client, worker, reported } = start({ isolation, maxTasksPerProcess: 2, concurrency: 2 });
    const jobs = await client.here.submitMany([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ] as never);
    const ids = await Promise.all(jobs.map((job) => job.result()));

    expect(ids).toEqual([ids[0], ids[0], ids[2], ids[2], ids[4], ids[4]]);
    expect(new Set(ids).size).toBe(3);
    expect(reported).toEqual([]);
    await worker.close();
  });
});
