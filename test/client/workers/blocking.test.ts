/** Handlers that block the event loop: each message is done once, as long as a handler takes no longer than a lease. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshName, TestServer } from "../../support/server.ts";
import type { Task } from "../../support/workers/worker-process.ts";
import { workerProcesses } from "../../support/workers/worker-processes.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());
const start = workerProcesses(server, afterAll);

/** All messages of a test block for longer than this together, and each for so much less that a busy machine may be late. */
const LEASE_SECONDS = 4;

// These handlers block without using the processor, each in a process of its own.
describe.concurrent.each([
  [{}, 1_500, 3],
  [{ concurrency: 5 }, 1_200, 4],
  [{ concurrency: 3, prefetch: 6 }, 1_500, 4],
  [{ concurrency: 10, prefetch: 0 }, 600, 8],
] as const)("with %o, and handlers that block %i ms of a lease", (work, blockMs, messages) => {
  test("each message is done once", async () => {
    const queue = server.manager().queue<Task>(freshName());
    await queue.configure({ leaseSeconds: LEASE_SECONDS });
    const names = Array.from({ length: messages }, (_, n) => `task-${n}`);
    await queue.putMany(names.map((name) => ({ name, blockMs })));

    const worker = start(queue, work);
    await queue.join();
    await worker.close();

    expect(worker.begun).toEqual(Object.fromEntries(names.map((name) => [name, 1])));
    expect(worker.said.filter(({ what }) => what === "error" || what === "lost")).toEqual([]);
    expect(await queue.describe()).toMatchObject({ done: messages, dead: 0 });
  });
});

test("over HTTP, too, a message whose handler blocks is done once, and messages that wait lose no attempt", async () => {
  const queue = server.manager().queue<Task>(freshName());
  await queue.configure({ leaseSeconds: LEASE_SECONDS, maxAttempts: 1 });
  const names = Array.from({ length: 6 }, (_, n) => `task-${n}`);
  await queue.putMany(names.map((name) => ({ name, blockMs: 900 })));

  const worker = start(queue, { concurrency: 5 }, "http");
  await queue.join();
  await worker.close();

  expect(worker.begun).toEqual(Object.fromEntries(names.map((name) => [name, 1])));
  expect(await queue.describe()).toMatchObject({ done: 6, dead: 0 });
});

test("messages whose handlers block after a thousand quick ones are done once, and so are these", async () => {
  const queue = server.manager().queue<Task>(freshName());
  await queue.configure({ leaseSeconds: LEASE_SECONDS });
  const quick = Array.from({ length: 1_000 }, (_, n): Task => ({ name: `quick-${n}` }));
  const slow = Array.from({ length: 5 }, (_, n): Task => ({ name: `slow-${n}`, blockMs: 900 }));
  await queue.putMany(quick);
  await queue.putMany(slow);

  const worker = start(queue, { concurrency: 5 });
  await queue.join();
  await worker.close();

  expect(Object.values(worker.begun)).toEqual(Array(1_005).fill(1));
  expect(worker.said.filter(({ what }) => what === "error" || what === "lost")).toEqual([]);
});

test("a short task is not sent to a worker whose handlers block while another is idle", async () => {
  const queue = server.manager().queue<Task>(freshName());
  await queue.configure({ leaseSeconds: 600 });
  const [a, b] = [await start(queue, { concurrency: 5 }).ready(), await start(queue, { concurrency: 5 }).ready()];
  await queue.putMany(Array.from({ length: 4 }, (_, n) => ({ name: `first-${n}`, blockMs: 100 })));
  await queue.join();

  // Its process is killed before that.
  await queue.put({ name: "long", blockMs: 600_000 });
  await expect
    .poll(() => [...a.said, ...b.said].some((said) => said.what === "begin" && said.name === "long"))
    .toBe(true);
  for (let n = 0; n < 10; n += 1) await queue.put({ name: `short-${n}` });
  await expect.poll(async () => (await queue.describe()).unfinished).toBe(1);

  expect([...a.said, ...b.said].filter((said) => said.what === "end" && said.name === "long")).toEqual([]);
});

test("the signal of a handler that blocked for longer than its lease is aborted", async () => {
  const queue = server.manager().queue<string>(freshName());
  await queue.configure({ leaseSeconds: 1, maxAttempts: 1 });
  await queue.put("item");
  const aborted = Promise.withResolvers<boolean>();

  const worker = queue.work(
    (message) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_300);
      aborted.resolve(message.signal.aborted);
    },
    { onError: () => undefined },
  );

  expect(await aborted.promise).toBe(true);
  await worker.close();
});

test("a handler that blocks for longer than its lease gets lease_lost, and its message goes to another consumer", async () => {
  const queue = server.manager().queue<Task>(freshName());
  await queue.configure({ leaseSeconds: 1, retryDelaySeconds: 0 });
  await queue.put({ name: "long", blockMs: 4_000 });
  const slow = start(queue);
  await slow.until(({ what }) => what === "begin");
  const [again] = await queue.receive({ timeoutSeconds: 10, leaseSeconds: 60 });

  expect(again?.attempt).toBe(2);
  await slow.until((said) => said.what === "error" && said.code === "lease_lost");
  expect(await again?.ack()).toBe(true);
});

test("a short task does not wait behind a long one while another worker is idle", async () => {
  const queue = server.manager().queue<Task>(freshName());
  const [a, b] = [await start(queue).ready(), await start(queue).ready()];
  // Both have worked on so many short ones that they would take several at once.
  await queue.putMany(Array.from({ length: 200 }, (_, n) => ({ name: `warm-${n}` })));
  await queue.join();

  const shorts = Array.from({ length: 6 }, (_, n) => `short-${n}`);
  await queue.putMany([{ name: "long", sleepMs: 600_000 }, ...shorts.map((name) => ({ name }))]);
  await expect.poll(async () => (await queue.describe()).unfinished).toBe(1);

  const ended = [...a.said, ...b.said].flatMap((said) => (said.what === "end" ? [said.name] : []));
  expect(ended).toEqual(expect.arrayContaining(shorts));
  expect(ended).not.toContain("long");
});
