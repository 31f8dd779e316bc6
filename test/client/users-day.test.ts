/**
 * What went wrong for ordinary users of other queues, as they reported it in public, tried here with default options. The
 * repository and number of a report stand with its test.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Queue } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";
import { unreported } from "../support/workers/workers.ts";

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  const server = new TestServer({ isMovable: true });

  beforeAll(() => server.start());
  afterAll(() => server.remove());

  function queueOf<Item>(name = freshName()): Queue<Item> {
    return server.manager({ transport }).queue<Item>(name);
  }

  // taskforcesh/bullmq#337, bee-queue/bee-queue#691: an unhandled rejection ends the process.
  test("a worker and a producer that start before their server work when it is there", async () => {
    await server.crash();
    const queue = queueOf<number>();
    const worked: number[] = [];
    const worker = queue.work(({ item }) => worked.push(item), { onError: unreported });
    const put = queue.put(1);

    await server.start();
    await put;
    await queue.join();
    await worker.close();

    expect(worked).toEqual([1]);
  });

  // apache/pulsar-client-go#1180, fedora-infra/fedora-messaging#208, confluentinc/librdkafka#1145: connected again, and
  // consuming no more.
  test("a worker goes on after each of many restarts of its server", async () => {
    const queue = queueOf<number>();
    const worked: number[] = [];
    const worker = queue.work(({ item }) => worked.push(item), { onError: unreported });

    for (let restart = 0; restart < 4; restart += 1) {
      await queue.put(restart);
      await queue.join();
      await server.crash();
      await server.start();
    }
    await queue.put(4);
    await queue.join();
    await worker.close();

    expect(worked).toEqual([0, 1, 2, 3, 4]);
  });

  // jbielick/faktory_worker_node#30: the failure cannot be reported, and the worker ends.
  test("a handler that fails while the server is away is reported, and its message is redelivered", async () => {
    const queue = queueOf<string>();
    await queue.configure({ retryDelaySeconds: 0 });
    await queue.put("item");
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const errors: string[] = [];
    const attempts: number[] = [];
    const worker = queue.work(
      async ({ attempt }) => {
        attempts.push(attempt);
        begun.resolve();
        if (attempt > 1) return;
        await gate.promise;
        throw new Error("the handler failed");
      },
      { onError: (error) => errors.push((error as Error).message) },
    );
    await begun.promise;
    await server.crash();
    gate.resolve();
    await expect.poll(() => errors).toContain("the handler failed");
    await server.start();
    await queue.join();
    await worker.close();

    expect(attempts).toEqual([1, 2]);
    expect(await queue.describe()).toMatchObject({ done: 1, dead: 0 });
  });

  // taskforcesh/bullmq#2237, #3130: closing hangs where nothing was ever put.
  test("a worker of a queue that does not exist closes, also at once", async () => {
    await queueOf()
      .work(() => undefined)
      .close();
    const worker = queueOf().work(() => undefined);
    await queueOf().qsize();

    await worker.close();
  });

  // taskforcesh/bullmq#834: what fails while the worker closes stays active for ever.
  test("what fails while its worker closes is given back", async () => {
    const queue = queueOf<string>();
    await queue.configure({ retryDelaySeconds: 0 });
    await queue.put("item");
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const worker = queue.work(
      async () => {
        begun.resolve();
        await gate.promise;
        throw new Error("failed late");
      },
      { onError: unreported },
    );
    await begun.promise;

    const closing = worker.close();
    gate.resolve();
    await closing;

    const [message] = await queue.receive({ timeoutSeconds: 5 });
    expect(message?.lastError).toContain("failed late");
  });

  // OptimalBits/bull#1453, taskforcesh/bullmq#2243: each worker keeps connections and listeners for ever.
  test("a hundred workers that come and go leave nothing behind, and the next one works", async () => {
    const queue = queueOf<number>();
    const workers = Array.from({ length: 100 }, () => queue.work(() => undefined));
    await Promise.all(workers.map((worker) => worker.close()));
    const worked: number[] = [];
    const worker = queue.work(({ item }) => worked.push(item));

    await queue.put(1);
    await queue.join();
    await worker.close();

    expect(worked).toEqual([1]);
    expect(await queue.describe()).toMatchObject({ leased: 0, done: 1 });
  });

  // taskforcesh/bullmq#1930, OptimalBits/bull#1504: a handler that hangs keeps its place for ever.
  test("a handler that hangs does not keep others from their turn where it has a time limit", async () => {
    const queue = queueOf<string>();
    await queue.configure({ maxAttempts: 1 });
    await queue.putMany(["hangs", "next"]);
    const worked: string[] = [];

    const worker = queue.work(
      async ({ item }) => {
        if (item === "hangs") await new Promise(() => undefined);
        worked.push(item);
      },
      { timeoutSeconds: 0.2, onError: unreported },
    );
    await queue.join();
    await worker.close();

    expect(worked).toEqual(["next"]);
    expect(await queue.describe()).toMatchObject({ done: 1, dead: 1 });
  });

  // celery/celery#4537, Azure/azure-service-bus#410: a worker that falls over large messages takes others down with it.
  test("messages of the largest size are worked on one after the other", async () => {
    const queue = queueOf<string>();
    const large = "x".repeat(1_048_574);
    for (let n = 0; n < 5; n += 1) await queue.put(large);
    const lengths: number[] = [];

    const worker = queue.work(({ item }) => lengths.push(item.length));
    await queue.join();
    await worker.close();

    expect(lengths).toEqual(Array(5).fill(large.length));
  });

  // hmchangw/newchat#346, taskforcesh/bullmq#2654: a dependency that is away for a moment uses up all attempts.
  test("a dependency that is away for a moment kills no task", async () => {
    const queue = queueOf<number>();
    // Delays that end when the test lets them.
    await queue.configure({ retryDelaySeconds: 100 });
    await queue.putMany(Array.from({ length: 20 }, (_, n) => n));
    let isAway = true;
    let failures = 0;

    const worker = queue.work(
      () => {
        if (!isAway) return;
        failures += 1;
        throw new Error("the database is away");
      },
      { onError: unreported },
    );
    // Two attempts of each fail, and the delays before the next ones pass.
    for (const attempts of [1, 2]) {
      await expect.poll(() => failures).toBeGreaterThanOrEqual(20 * attempts);
      await expect.poll(() => queue.describe()).toMatchObject({ delayed: 20 });
      isAway = attempts < 2;
      await server.pass(100 * 2 ** attempts, queue.name);
    }
    await queue.join();
    await worker.close();

    expect(await queue.describe()).toMatchObject({ done: 20, dead: 0 });
  });

  // agenda/agenda#1413: a task that was cancelled is begun all the same.
  test("what is cancelled before it was begun is never begun", async () => {
    const queue = queueOf<string>();
    const ids = await queue.putMany(["kept", "cancelled"]);
    await queue.cancel(ids[1] as string);
    const worked: string[] = [];

    const worker = queue.work(({ item }) => worked.push(item));
    await queue.join();
    await worker.close();

    expect(worked).toEqual(["kept"]);
  });
});
