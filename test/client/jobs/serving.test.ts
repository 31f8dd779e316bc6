/** Workers that serve a registry of tasks: what they do with results, with what they do not know, and with progress. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { JobFailed, type TaskWorkOptions } from "../../../worker-client/src/index.ts";
import { defineTasks, type TaskSet, task } from "../../../worker-client/src/tasks/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { Gate } from "../../support/workers/workers.ts";

const server = new TestServer();
const closing: (() => Promise<void>)[] = [];

beforeAll(() => server.start());
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});
afterAll(() => server.remove());

/** Tasks of a queue of their own, with a worker. */
function serve<Tasks extends TaskSet>(tasks: Tasks, options: TaskWorkOptions = {}, name = freshName()) {
  const registry = defineTasks(name, tasks as Tasks & { then?: never });
  const manager = server.manager();
  closing.push(() => manager.close({ timeoutSeconds: 0 }));
  const reported: unknown[] = [];
  const worker = manager.work(registry, { concurrency: 10, onError: (error) => reported.push(error), ...options });
  return { client: manager.tasks(registry), queue: manager.queue(name), manager, name, reported, worker, registry };
}

async function failureOf(result: Promise<unknown>): Promise<JobFailed> {
  const error = await result.catch((thrown: unknown) => thrown);
  if (!(error instanceof JobFailed)) throw new Error(`It did not fail: ${String(error)}`);
  return error;
}

describe("a result that is none", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;

  test.each([
    [
      "does not fit the output",
      "text",
      "The result of the task odd does not fit its output: Invalid input: expected nu",
    ],
    ["contains itself", cycle, "The result of the task odd has no JSON form: Converting circular structure to JSON."],
    ["is a bigint", 5n, "The result of the task odd has no JSON form: Do not know how to serialize a BigInt."],
    [
      "is too large",
      "é".repeat(600_000),
      "The result of the task odd has 1200002 bytes as JSON, more than the 1048576 that a result may have. Store it elsewhere, and return where it is.",
    ],
  ])("fails the job at once: one that %s", async (what, result, message) => {
    const output = what.startsWith("does not fit") ? z.number() : undefined;
    const { client, reported } = serve({ odd: task({ output: output as never, run: () => result as never }) });

    const error = await failureOf((await client.odd.submit()).result());

    expect(error).toMatchObject({ reason: "rejected", attempts: 1, remoteName: "InvalidOutput" });
    expect(error.remoteMessage).toContain(message);
    expect(reported).toEqual([expect.objectContaining({ code: "invalid_output" })]);
  });

  test("undefined is null, and a date its text", async () => {
    const at = new Date(0);
    const { client } = serve({ nothing: task({ run: () => undefined }), date: task({ run: () => at }) });

    expect(await (await client.nothing.submit()).result()).toBeNull();
    expect(await (await client.date.submit()).result()).toBe("1970-01-01T00:00:00.000Z");
  });
});

test("an input that was undefined arrives as such where its schema takes it", async () => {
  const run = (input: number | undefined) => typeof input;
  const { client } = serve({ optional: task({ input: z.number().optional(), run }) });

  expect(await (await client.optional.submit()).result()).toBe("undefined");
});

test("jobs of a task that a worker does not have wait for a worker that has it, and are told of once", async () => {
  const { queue, reported, manager, name } = serve({ known: task({ run: () => "known" }) });
  const other = defineTasks(name, { other: task({ run: () => "other" }) });
  const jobs = await manager.tasks(other).other.submitMany([1, 2, 3]);
  await queue.put("of no task", { maxAttempts: 1 });
  await expect.poll(() => reported.length, { timeout: 10_000 }).toBe(2);
  manager.work(other, { onError: () => undefined });

  expect(await Promise.all(jobs.map((job) => job.result()))).toEqual(["other", "other", "other"]);
  expect(reported.map((error) => (error as Error).message).sort()).toEqual([
    `${name} has jobs of the task other, which this worker does not serve: it serves known. They wait for another worker.`,
    `${name} has messages that are of no task, which this worker does not serve: it serves known. They wait for another worker.`,
  ]);
  expect(await queue.describe()).toMatchObject({ dead: 0, unfinished: 1 });
});

test("a task has rules of its own, over which the options of a job stand", async () => {
  const { client, queue } = serve({
    slow: task({ run: (_: null) => 1, maxAttempts: 2, priority: 7, retryDelaySeconds: 3, resultSeconds: 60 }),
  });
  const { id } = await client.slow.submit(null, { delaySeconds: 60, priority: 9, headers: { trace: "t" } });

  expect(await queue.peek(id)).toMatchObject({
    ...{ maxAttempts: 2, priority: 9, retryDelaySeconds: 3, resultSeconds: 60, state: "delayed" },
    headers: { trace: "t", "dq-task": "slow" },
  });
  await expect(queue.put(1, { headers: { "dq-task": "slow" } })).rejects.toThrow(
    'The name of a header must not begin with dq-, as "dq-task" does.',
  );
});

test("a task's timeout stands over the worker's", async () => {
  const run = (_: null, { signal }: { signal: AbortSignal }) =>
    new Promise<string>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { client } = serve({ quick: task({ run, timeoutSeconds: 0.05, maxAttempts: 1 }) }, { timeoutSeconds: 600 });

  const error = await failureOf((await client.quick.submit(null)).result());
  expect(error.remoteMessage).toMatch(/took longer than timeoutSeconds: 0\.05\.$/);
});

test("the last progress is told again after the server was started again", async () => {
  const gate = new Gate();
  const { client } = serve({
    long: task({
      run: async (_: null, { progress }) => {
        for (const percent of [10, 20, 30]) progress({ percent });
        await gate.passed;
        return "ended";
      },
    }),
  });
  const job = await client.long.submit(null);
  const progressOf = () => expect.poll(async () => (await job.status()).progress, { timeout: 20_000 });
  await progressOf().toEqual({ percent: 30 });
  await server.crash();
  await server.start();

  await progressOf().toEqual({ percent: 30 });
  const awaited = job.result();
  await server.crash();
  await server.start();
  gate.open();
  expect(await awaited).toBe("ended");
});

test("a handler's log has the task and the job in each line", async () => {
  const lines: unknown[][] = [];
  const write = (...values: unknown[]) => void lines.push(values);
  const logger = { debug: write, log: write, info: write, warn: write, error: write };
  const { client } = serve({ talk: task({ run: (n: number, { log }) => log.info("n is", n) }) }, { logger });
  const job = await client.talk.submit(7);
  await job.result();

  expect(lines).toContainEqual([
    `talk ${job.id}: n is 7`,
    expect.objectContaining({ id: job.id, task: "talk", attempt: 1 }),
  ]);
});

test("mistakes of a worker's options are told at once", () => {
  const manager = server.manager();
  closing.push(() => manager.close());
  const registry = defineTasks("tasks", { declared: task({ input: z.string() }) });

  expect(() => manager.work(registry)).toThrow(
    "No task of tasks has a handler here: task() takes it as the option run.",
  );
  expect(() => manager.work(registry, { logger: {} as never })).toThrow(
    "logger must have the functions debug, info, warn and error, as console has them, but it lacks debug, info, warn, error.",
  );
  expect(() => manager.work({} as never)).toThrow("work() takes what defineTasks() has made, not an object.");
  expect(() => manager.tasks(7 as never)).toThrow("tasks() takes what defineTasks() has made, not 7.");
});

test("a client of tasks is no promise, has no JSON form, and says which tasks there are", async () => {
  const { client, name } = serve({ known: task({ run: () => 1 }) });
  const loose = client as unknown as Record<string, { submit(input: unknown): Promise<unknown> }>;

  expect(await client).toBe(client);
  expect(JSON.stringify({ client })).toBe('{"client":{}}');
  await expect(loose.unknown?.submit(1)).rejects.toThrow(
    `The registry of ${name} has no task "unknown". It has: known.`,
  );
  await expect(loose["not a name"]?.submit(1)).rejects.toThrow(/^The name of a task must be 1 to 64 of/);
});
