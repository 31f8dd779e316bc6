/** Closing ends, in whatever order and at whatever time it is done. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Closed, type Queue, type QueueError, QueueManager } from "../../worker-client/src/index.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();

beforeAll(() => server.start());
afterAll(() => server.remove());

describe.each(["websocket", "http"] as const)("over %s", (transport) => {
  test.each([
    ["the manager before its worker", true],
    ["the worker before its manager", false],
  ])("%s: both end, and a handler that runs is waited for and its message acked", async (_, isManagerFirst) => {
    const manager = server.manager({ transport });
    const queue = manager.queue<string>(freshName());
    await queue.put("item");
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const worker = queue.work(async () => {
      begun.resolve();
      await gate.promise;
    });
    await begun.promise;

    const closing = isManagerFirst ? [manager.close(), worker.close()] : [worker.close(), manager.close()];
    gate.resolve();
    await Promise.all([...closing, worker.finished]);

    expect(await server.manager().queue(queue.name).describe()).toMatchObject({ done: 1, leased: 0 });
  });

  test("with timeoutSeconds ends although a handler hangs, whose message is given back with no attempt counted", async () => {
    const queue = server.manager({ transport }).queue<string>(freshName());
    await queue.configure({ retryDelaySeconds: 0 });
    await queue.put("hangs");
    const begun = Promise.withResolvers<AbortSignal>();
    const errors: QueueError[] = [];
    const worker = queue.work(
      async ({ signal }) => {
        begun.resolve(signal);
        await new Promise(() => undefined);
      },
      { onError: (error) => errors.push(error as QueueError) },
    );
    const signal = await begun.promise;

    await worker.close({ timeoutSeconds: 0.1 });

    expect(signal.aborted).toBe(true);
    expect(errors.map(({ code }) => code)).toEqual(["closed"]);
    expect(await queue.receive({ timeoutSeconds: 5 })).toMatchObject([{ item: "hangs", attempt: 1 }]);
  });

  test("a call after it is refused with what is the matter, and opens nothing", async () => {
    const manager = server.manager({ transport });
    const queue = manager.queue<string>(freshName());
    await queue.put("before");
    await manager.close();

    const calls: ((queue: Queue<string>) => Promise<unknown>)[] = [
      (closed) => closed.put("after"),
      (closed) => closed.get({ timeoutSeconds: 1 }),
      (closed) => closed.describe(),
      () => manager.connect(),
      () => manager.queue("another").qsize(),
      (closed) => closed.work(() => undefined).finished,
    ];
    const outcomes = await Promise.all(calls.map((call) => call(queue).catch((error: Closed) => error.code)));

    expect(outcomes).toEqual(Array(6).fill("closed"));
    expect(await server.manager().queue(queue.name).describe()).toMatchObject({ visible: 1 });
  });

  test("a call that waits ends with it", async () => {
    const manager = server.manager({ transport });
    const waiting = manager.queue(freshName()).get();
    const outcome = waiting.catch((error: QueueError) => [error.name, error.code]);
    await manager.connect();

    await manager.close();

    expect(await outcome).toEqual(["Closed", "closed"]);
  });
});

test.each(["websocket", "http"] as const)(
  "with timeoutSeconds ends although the server is away, over %s",
  async (transport) => {
    const crashing = new TestServer();
    await crashing.start();
    const queue = crashing.manager({ transport }).queue<string>("any");
    await queue.put("item");
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const errors: string[] = [];
    const worker = queue.work(
      async () => {
        begun.resolve();
        await gate.promise;
      },
      { onError: (error) => errors.push((error as QueueError).code) },
    );
    await begun.promise;
    await crashing.remove();
    gate.resolve();

    await worker.close({ timeoutSeconds: 0.2 });

    await expect.poll(() => errors).toEqual(["closed"]);
  },
);

test("a worker whose server is away closes", async () => {
  const manager = new QueueManager({ address: "http://127.0.0.1:9", authkey: "none" });
  const worker = manager.queue("any").work(() => undefined, { onError: () => undefined });

  await worker.close();
  await manager.close();
});
