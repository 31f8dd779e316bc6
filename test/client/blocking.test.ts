/** Handlers that keep the event loop: each message is done once, as long as a handler takes no longer than a lease. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Queue } from "../../worker-client/src/index.ts";
import { AUTHKEY, freshName, TestServer } from "../support/server.ts";
import { type Task, WorkerProcess } from "../support/worker-process.ts";

const server = new TestServer();
const processes: WorkerProcess[] = [];

beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(() => Promise.all(processes.splice(0).map((worker) => worker.kill())));

function start(queue: Queue<Task>, work: ConstructorParameters<typeof WorkerProcess>[1] = {}): WorkerProcess {
  const worker = new WorkerProcess({ address: server.address, authkey: AUTHKEY, queue: queue.name }, work);
  processes.push(worker);
  return worker;
}

describe.each([
  [{}, 1_200, 4],
  [{ concurrency: 5 }, 1_000, 5],
  [{ concurrency: 3, prefetch: 6 }, 1_200, 5],
  [{ concurrency: 10, prefetch: 0 }, 400, 12],
] as const)("with %o, a lease of two seconds and handlers that block %i ms", (work, blockMs, messages) => {
  test("each message is done once", async () => {
    const queue = server.manager().queue<Task>(freshName());
    await queue.configure({ leaseSeconds: 2 });
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

test("a handler that blocks for longer than its lease is told that another has the message", async () => {
  const queue = server.manager().queue<Task>(freshName());
  await queue.configure({ leaseSeconds: 1, retryDelaySeconds: 0 });
  await queue.put({ name: "long", blockMs: 2_500 });
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
  await queue.putMany([{ name: "long", sleepMs: 20_000 }, ...shorts.map((name) => ({ name }))]);
  await expect.poll(async () => (await queue.describe()).unfinished, { timeout: 10_000 }).toBe(1);

  const ended = [...a.said, ...b.said].flatMap((said) => (said.what === "end" ? [said.name] : []));
  expect(ended).toEqual(expect.arrayContaining(shorts));
  expect(ended).not.toContain("long");
});
