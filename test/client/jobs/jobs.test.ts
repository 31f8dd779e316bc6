/** Jobs from their submission to their result, and what a caller sees of them meanwhile. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import {
  asCompleted,
  gather,
  InvalidInput,
  type Job,
  JobCancelled,
  JobFailed,
  Timeout,
  UnknownMessage,
} from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { Gate, numbers } from "../../support/workers/workers.ts";

const server = new TestServer();

const closed: Promise<void>[] = [];

beforeAll(() => server.start());
afterAll(async () => {
  await Promise.all(closed);
  await server.remove();
});

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  /** Tasks of a queue of their own, with a client, and a worker if that is wanted. */
  function setUp({ works = true, gate }: { works?: boolean; gate?: Gate } = {}) {
    const registry = defineTasks(freshName(), {
      square: task({
        input: z.object({ n: z.number() }),
        output: z.object({ square: z.number() }),
        run: async ({ n }) => ({ square: n * n }),
      }),
      fail: task({
        maxAttempts: 1,
        run: (message: string) => {
          throw new TypeError(message);
        },
      }),
      wait: task({
        run: async (_: null, { signal, progress }) => {
          progress({ at: "the gate" });
          await Promise.race([gate?.passed, aborted(signal)]);
          return "through";
        },
      }),
      large: task({ run: (n: number) => "x".repeat(n) }),
    });
    const manager = server.manager({ transport });
    const worker = works ? manager.work(registry, { concurrency: 20, onError: () => undefined }) : undefined;
    return { registry, manager, worker, client: manager.tasks(registry), queue: manager.queue(registry.queue) };
  }

  async function using(
    options: Parameters<typeof setUp>[0],
    run: (parts: ReturnType<typeof setUp>) => Promise<void>,
  ): Promise<void> {
    const parts = setUp(options);
    // Over HTTP a worker closes when its poll is over, for which no test waits.
    await run(parts).finally(() => closed.push(parts.manager.close({ timeoutSeconds: 0 })));
  }

  test("a job has the result that its handler returned", () =>
    using({}, async ({ client }) => {
      const job = await client.square.submit({ n: 7 });

      expect(await job.result()).toEqual({ square: 49 });
      expect(job.task).toBe("square");
      expect(await job.status()).toMatchObject({ state: "done", task: "square", result: { square: 49 }, attempts: 1 });
    }));

  test("a job is found by its id, by another client that knows types alone", () =>
    using({}, async ({ client, registry }) => {
      const { id } = await client.square.submit({ n: 7 });
      await using other = server.manager({ transport });

      const job = other.tasks<typeof registry>(registry.queue).square.job(id);

      expect(await job.result()).toEqual({ square: 49 });
      expect(await other.queue(registry.queue).result(id)).toEqual({ square: 49 });
    }));

  test("many jobs that are awaited at once are all answered", () =>
    using({}, async ({ client }) => {
      const jobs = await client.square.submitMany(numbers(300).map((n) => ({ n })));

      expect(await gather(jobs)).toEqual(numbers(300).map((n) => ({ square: n * n })));
    }));

  test("a large result comes as a small one does", () =>
    using({}, async ({ client }) => {
      const jobs = await client.large.submitMany([100_000, 1_000_000, 3]);

      expect((await gather(jobs)).map(({ length }) => length)).toEqual([100_000, 1_000_000, 3]);
    }));

  test("a job that fails tells what its handler threw", () =>
    using({}, async ({ client, registry }) => {
      const job = await client.fail.submit("boom");
      const error = await job.result().catch((thrown: unknown) => thrown);

      expect(error).toBeInstanceOf(JobFailed);
      expect(error).toMatchObject({
        message: `The job ${job.id} (fail) of ${registry.queue} failed after 1 attempt: TypeError: boom`,
        ...{ code: "job_failed", jobId: job.id, task: "fail", attempts: 1, reason: "max_attempts" },
        ...{ remoteName: "TypeError", remoteMessage: "boom", queue: registry.queue },
        remoteStack: expect.stringMatching(/^TypeError: boom\n +at .*jobs\.test\.ts/),
      });
    }));

  test("an input that does not fit is refused at submit, and nothing is sent", () =>
    using({ works: false }, async ({ client, queue }) => {
      await expect(client.square.submit({ n: "7" as never })).rejects.toThrow(InvalidInput);
      await expect(client.square.submit({ n: "7" as never })).rejects.toMatchObject({
        message:
          "The input of the task square does not fit its schema: n: Invalid input: expected number, received string.",
        code: "invalid_input",
        issues: [{ path: ["n"], message: "Invalid input: expected number, received string" }],
      });
      const many = client.square.submitMany([{ n: 1 }, { n: null as never }]);
      await expect(many).rejects.toThrow(/^inputs\[1\] of the task square does not fit its schema: n: Invalid input/);
      expect(await queue.qsize()).toBe(0);
    }));

  test("an input that does not fit is rejected at the worker at once, with the reason", () =>
    using({}, async ({ manager, registry }) => {
      const job = await manager.tasks<typeof registry>(registry.queue).square.submit({ n: "7" as never });

      await expect(job.result()).rejects.toMatchObject({
        ...{ reason: "rejected", attempts: 1, remoteName: "InvalidInput" },
        remoteMessage:
          "The input of the task square does not fit its schema: n: Invalid input: expected number, received string.",
      });
    }));

  test("a wait is over in time, and the job goes on", () => {
    const gate = new Gate();
    return using({ gate }, async ({ client, registry }) => {
      const job = await client.wait.submit(null);

      await expect(job.result({ timeoutSeconds: 0.05 })).rejects.toThrow(
        `The job ${job.id} of ${registry.queue} had not ended after 0.05 s. It goes on.`,
      );
      await expect(job.result({ timeoutSeconds: 0 })).rejects.toThrow(Timeout);
      await expect(job.result({ signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
      gate.open();
      expect(await job.result()).toBe("through");
    });
  });

  test("a job that is cancelled while it waits is not worked on", () =>
    using({ works: false }, async ({ client, queue }) => {
      const job = await client.square.submit({ n: 1 });
      const awaited = job.result().catch((error: unknown) => error);

      expect(await job.cancel()).toBe(true);
      expect(await job.cancel()).toBe(false);
      expect(await awaited).toBeInstanceOf(JobCancelled);
      expect(await queue.qsize()).toBe(0);
    }));

  test("a job that is cancelled while it runs has its signal aborted", () =>
    using({ gate: new Gate() }, async ({ client }) => {
      const job = await client.wait.submit(null);
      for await (const { state } of job) if (state === "running") break;

      expect(await job.cancel()).toBe(true);
      await expect(job.result()).rejects.toThrow(JobCancelled);
    }));

  test("what was never there is told from what is not kept any more", () =>
    using({}, async ({ client, queue, registry }) => {
      const job = await client.square.submit({ n: 1 });
      await job.result();
      await queue.purge({ only: "finished" });

      await expect(client.job(job.id).result()).rejects.toMatchObject({
        name: "UnknownMessage",
        expired: true,
      });
      const never = client.square.job(job.id.replace(/\d+-\d+$/, "9999-0"));
      await expect(never.result()).rejects.toMatchObject({ name: "UnknownMessage", expired: false });
      await expect(never.status()).rejects.toThrow(UnknownMessage);
      await using elsewhere = server.manager({ transport });
      await expect(
        elsewhere.tasks(defineTasks(freshName(), registry.tasks)).square.job(job.id).result(),
      ).rejects.toThrow(UnknownMessage);
    }));

  test("events tell of a job from its state now to its end", () => {
    const gate = new Gate();
    return using({ gate, works: false }, async ({ client, manager, registry }) => {
      const job = await client.wait.submit(null);
      const seen: unknown[] = [];
      for await (const { state, progress, result } of job) {
        seen.push([state, progress, result]);
        if (state === "waiting") manager.work(registry);
        if (progress !== undefined) gate.open();
      }

      expect(seen[0]).toEqual(["waiting", undefined, undefined]);
      expect(seen).toContainEqual(["running", { at: "the gate" }, undefined]);
      expect(seen.at(-1)).toEqual(["done", undefined, "through"]);
    });
  });

  test("jobs come in the order in which they end, and all of them do", () => {
    const gate = new Gate();
    return using({ gate }, async ({ client }) => {
      const jobs: Job[] = [
        await client.wait.submit(null),
        await client.fail.submit("no"),
        await client.large.submit(1),
      ];
      const states: unknown[] = [];
      for await (const job of asCompleted(jobs)) {
        states.push((await job.result().catch(({ code }) => code)) as unknown);
        if (states.length === 2) gate.open();
      }

      expect(states.slice(0, 2).sort()).toEqual(["job_failed", "x"]);
      expect(states[2]).toBe("through");
    });
  });

  test("results are gathered in the order of the jobs; the first failure is thrown, unless all are to be settled", () => {
    const gate = new Gate();
    return using({ gate }, async ({ client }) => {
      const jobs = [await client.square.submit({ n: 2 }), await client.large.submit(2)] as const;
      const late = await client.wait.submit(null);
      const failed = await client.fail.submit("no");

      expect(await gather(jobs)).toEqual([{ square: 4 }, "xx"]);
      await expect(gather([late, failed])).rejects.toThrow(JobFailed);
      await expect(gather([late], { timeoutSeconds: 0.05 })).rejects.toThrow(
        new Timeout("1 of 1 jobs had not ended after 0.05 s. They go on."),
      );
      gate.open();
      expect(await gather([late, failed], { settled: true })).toEqual([
        { status: "fulfilled", value: "through" },
        { status: "rejected", reason: expect.any(JobFailed) },
      ]);
    });
  });

  test("a queue lists its jobs and the tasks of its workers", () =>
    using({}, async ({ client, queue, manager, registry }) => {
      const job = await client.square.submit({ n: 2 });
      const { finishedAt } = await client.large.submit(2).then(async (large) => {
        await Promise.all([job.result(), large.result()]);
        return large.status();
      });
      const later = await client.square.submit({ n: 3 }, { delaySeconds: 60 });

      const listed = await all(queue.jobs());
      expect(listed.map(({ state }) => state)).toEqual(["delayed", "done", "done"]);
      expect((await all(queue.jobs({ task: "large" }))).map(({ result }) => result)).toEqual(["xx"]);
      expect((await all(queue.jobs({ state: "delayed", pageSize: 1 }))).map(({ id }) => id)).toEqual([later.id]);
      expect(await all(queue.jobs({ before: new Date(0) }))).toEqual([]);
      expect(finishedAt).toBeInstanceOf(Date);
      const tasks = await queue.tasks();
      expect(tasks.map(({ name }) => name).sort()).toEqual(["fail", "large", "square", "wait"]);
      expect(tasks.find(({ name }) => name === "square")?.input).toMatchObject({
        type: "object",
        properties: { n: { type: "number" } },
      });
      expect(await all(manager.queue(`${registry.queue}-none`).jobs())).toEqual([]);
      expect(await manager.queue(`${registry.queue}-none`).tasks()).toEqual([]);
    }));
});

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

async function all<Each>(list: AsyncIterable<Each>): Promise<Each[]> {
  const each: Each[] = [];
  for await (const one of list) each.push(one);
  return each;
}
