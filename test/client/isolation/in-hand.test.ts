/** A worker has no more messages in hand than its threads and processes can run. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { APART, isolatedWorkers } from "../../support/isolation/isolated.ts";
import { Random } from "../../support/random.ts";
import { TestServer } from "../../support/server.ts";
import { leasedOf, numbers } from "../../support/workers/workers.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
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

  test(`whichever handlers take long, each begins once (SEED=${SEED})`, async () => {
    const { client } = start({ isolation, processes: 3, concurrency: 2 });
    const folder = mkdtempSync(join(tmpdir(), "durable-queue-in-hand-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "begun");
    const random = new Random(SEED);
    // Most take no time, so that messages are sent ahead; behind some of them these wait for longer than is allowed.
    const msOf = (number: number) =>
      number % 7 === 0 ? random.integer(120) : number % 3 === 0 ? random.integer(12) : 0;
    const jobs = await client.note.submitMany(numbers(400).map((number) => ({ file, ms: msOf(number) })));

    expect(new Set(await Promise.all(jobs.map((job) => job.result())))).toEqual(new Set([1]));
    const begun = readFileSync(file, "utf8").trimEnd().split("\n");
    expect(begun.sort()).toEqual(jobs.map(({ id }) => id).sort());
  });

  test("a worker that is paused has nothing when its handlers have ended, and goes on with all of its threads and processes", async () => {
    const { client, queue, worker } = start({ isolation, processes: 2 });
    const jobs = await client.block.submitMany(numbers(40).map(() => 100));
    await leasedOf(queue).toBe(2);

    await worker.pause();
    const { leased, visible, done } = await queue.describe();
    expect(leased).toBe(0);
    // How many were done before the pause depends on when each of them was loaded.
    expect(done + visible).toBe(40);
    expect(visible).toBeGreaterThan(0);
    worker.resume();

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(numbers(40).map(() => 1));
  });
});
