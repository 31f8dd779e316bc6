/** Threads and processes that end in the middle of a handler. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Crash } from "../../../worker-client/src/events/worker-events.ts";
import { JobFailed } from "../../../worker-client/src/index.ts";
import { APART, isolatedWorkers } from "../../support/isolation/isolated.ts";
import { TestServer } from "../../support/server.ts";
import { numbers } from "../../support/workers/workers.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());
const start = isolatedWorkers(() => server.manager());

/** The name of one of them in a sentence. */
const NAMES = { processes: "process", threads: "thread" } as const;

async function failureOf(result: Promise<unknown>): Promise<JobFailed> {
  const error = await result.catch((thrown: unknown) => thrown);
  if (!(error instanceof JobFailed)) throw new Error(`It did not fail: ${String(error)}`);
  return error;
}

describe.each(APART)("in %s", (isolation) => {
  const ends = [
    ["exit", "ended itself with status 3"],
    ["throwLater", "was ended by an error that nothing caught: Error: It was thrown later."],
    ["rejectLater", "was ended by a promise that was rejected and not handled: Error: It was not awaited."],
  ] as const;

  test.each(ends)("a task that ends what runs it is tried again, and fails by its attempts: %s", async (name, how) => {
    const { client, worker, reported } = start({ isolation });
    const crashes: Crash[] = [];
    worker.on("crashed", (crash) => crashes.push(crash));
    const job = await client[name].submit(undefined as never);
    const error = await failureOf(job.result());

    expect(error).toMatchObject({ attempts: 2, reason: "max_attempts", remoteName: "ProcessDied" });
    const [first, second] = crashes;
    const died = (crash?: Crash) =>
      `The ${NAMES[isolation]} ${crash?.id} that ran message ${job.id} of ${job.queue} ${how}.`;
    expect(error.remoteMessage).toBe(died(second));
    expect(crashes.map(({ kind, reason, restartSeconds }) => ({ kind, reason, restartSeconds }))).toEqual([
      { kind: NAMES[isolation], reason: how, restartSeconds: 0.5 },
      { kind: NAMES[isolation], reason: how, restartSeconds: 1 },
    ]);
    expect(first?.id).not.toBe(second?.id);
    expect(worker.crashes).toBe(2);
    expect(reported).toContainEqual(expect.objectContaining({ code: "process_died", message: died(first) }));
  });

  test("what was to begin next in what has ended loses no attempt", async () => {
    const { client } = start({ isolation, concurrency: 4 });
    const crashing = await client.exitOnce.submit(null);
    const jobs = await client.square.submitMany([1, 2, 3]);

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual([1, 4, 9]);
    expect(await crashing.result()).toBe(2);
    expect(await Promise.all(jobs.map(async (job) => (await job.status()).attempts))).toEqual([1, 1, 1]);
  });

  test("others go on, and so does the task at its next attempt", async () => {
    const { client, queue } = start({ isolation, processes: 2, concurrency: 2 });
    const crashing = await client.exitOnce.submit(null);
    const jobs = await client.square.submitMany(numbers(50));

    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(numbers(50).map((n) => n * n));
    expect(await crashing.result()).toBe(2);
    expect(await queue.describe()).toMatchObject({ dead: 0, unfinished: 0 });
  });
});

test("a process that was ended by SIGKILL is counted, and the task fails by its attempts", async () => {
  const { client, worker } = start({ isolation: "processes" });
  const error = await failureOf((await client.kill.submit()).result());

  expect(error).toMatchObject({ attempts: 2, remoteName: "ProcessDied" });
  expect(error.remoteMessage).toMatch(/ was ended by SIGKILL, as the system does when memory runs out\.$/);
  expect(worker.crashes).toBe(2);
});

test.each([
  ["processes", "was ended by SIGABRT, as Node does when its heap is out of memory"],
  ["threads", "ended because its heap was out of memory"],
])("a task that takes all memory ends in %s alone, and the others go on", (isolation, how) => {
  const program = join(import.meta.dirname, "../../support/isolation/memory-program.ts");
  const output = execFileSync(process.execPath, ["--max-old-space-size=64", program, isolation], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });

  expect(JSON.parse(output)).toEqual({
    reasons: [how, how],
    error: expect.stringMatching(new RegExp(`^JobFailed: .+ failed after 2 attempts: ProcessDied: The .+ ${how}\\.$`)),
    square: 9,
  });
});

test("a process that has closed the channel to its worker, and lives on, is ended and replaced", async () => {
  const { client } = start({ isolation: "processes" });
  const error = await failureOf((await client.closeChannel.submit()).result());

  expect(error).toMatchObject({ attempts: 2, remoteName: "ProcessDied" });
  expect(error.remoteMessage).toMatch(/ had closed the channel to its worker, and was ended\.$/);
});
