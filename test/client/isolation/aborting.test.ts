/** Handlers in threads and processes that take too long, or whose jobs are cancelled. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APART, isolatedWorkers } from "../../support/isolation/isolated.ts";
import { TestServer } from "../../support/server.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());
const start = isolatedWorkers(() => server.manager());

describe.each(APART)("in %s", (isolation) => {
  test("the signal of a job that was cancelled is aborted, and what runs it goes on", async () => {
    const { client, queue, reported } = start({ isolation });
    const before = await (await client.here.submit()).result();
    const job = await client.untilAborted.submit(null);
    await expect.poll(async () => (await job.status()).state).toBe("running");
    await job.cancel();

    expect(await (await client.here.submit()).result()).toBe(before);
    expect(await queue.describe()).toMatchObject({ dead: 0, unfinished: 0 });
    expect(reported).toEqual([expect.objectContaining({ code: "lease_lost" })]);
  });

  test("one that blocks for longer than its timeout is ended, and is no crash", async () => {
    const { client, worker } = start({ isolation });
    const error = await (await client.timeLimited.submit()).result().catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ attempts: 1 });
    expect((error as { remoteMessage: string }).remoteMessage).toMatch(/ took longer than timeoutSeconds: 0\.2\.$/);
    expect(await (await client.square.submit(3)).result()).toBe(9);
    expect(worker.crashes).toBe(0);
  });

  test("one that blocks although its job was cancelled is ended, and others in it come back without an attempt", async () => {
    const { client, reported } = start({ isolation, concurrency: 2 });
    const other = await client.hang.submit();
    const job = await client.block.submit(60_000);
    await expect.poll(async () => (await job.status()).state).toBe("running");
    await job.cancel();

    await expect.poll(() => reported.length, { timeout: 20_000 }).toBe(1);
    expect(await (await client.square.submit(3)).result()).toBe(9);
    expect(await other.status()).toMatchObject({ state: "running", attempts: 1 });
    expect(reported).toEqual([expect.objectContaining({ code: "lease_lost" })]);
  });

  test("a worker that is closed gives back what blocks, without an attempt", async () => {
    const { client, worker, queue } = start({ isolation });
    const job = await client.block.submit(60_000);
    await expect.poll(async () => (await job.status()).state).toBe("running");
    await worker.close({ timeoutSeconds: 0 });

    expect(await queue.describe()).toMatchObject({ visible: 1, dead: 0 });
    expect(await job.status()).toMatchObject({ attempts: 0 });
  });
});
