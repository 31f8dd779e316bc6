/** Workers with `shutdownSeconds` end in order when their process gets SIGTERM or SIGINT. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { MemoryManager } from "../../../worker-client/memory/index.ts";
import { AUTHKEY, freshName, TestServer } from "../../support/server.ts";
import { type Task, WorkerProcess } from "../../support/workers/worker-process.ts";
import { leasedOf } from "../../support/workers/workers.ts";

const server = new TestServer();
const processes: WorkerProcess[] = [];

beforeAll(() => server.start());
afterEach(() => Promise.all(processes.splice(0).map((each) => each.kill())));
afterAll(() => server.remove());

/** A process that works on a task, whose message may be tried once. */
async function working(task: Task, shutdownSeconds: number, { leavesSignals = true } = {}) {
  const queue = server.manager().queue<Task>(freshName());
  await queue.configure({ maxAttempts: 1, leaseSeconds: 3_600 });
  await queue.putMany([task, { name: "waits" }]);
  const process = new WorkerProcess(
    { address: server.address, authkey: AUTHKEY, queue: queue.name, leavesSignals },
    { shutdownSeconds, prefetch: 1 },
  );
  processes.push(process);
  await process.until(({ what }) => what === "begin");
  await leasedOf(queue).toBe(2);
  return { queue, process };
}

test.each(["SIGTERM", "SIGINT"] as const)(
  "at %s a worker takes nothing more and finishes what runs, and its process is ended by the signal",
  async (signal) => {
    const { queue, process } = await working({ name: "short", sleepMs: 1_000 }, 3_600);

    process.signal(signal);

    expect(await process.ended).toBe(signal);
    expect(process.begun).toEqual({ short: 1 });
    expect(await queue.describe()).toMatchObject({ done: 1, visible: 1, leased: 0 });
  },
);

test("what runs when the time is over is given back with no attempt counted", async () => {
  const { queue, process } = await working({ name: "long", sleepMs: 3_600_000 }, 0.1);

  process.signal("SIGTERM");

  expect(await process.ended).toBe("SIGTERM");
  expect(await queue.describe()).toMatchObject({ visible: 2, leased: 0, dead: 0 });
  const messages = await queue.receive({ max: 2 });
  expect(messages.map(({ attempt }) => attempt)).toEqual([1, 1]);
});

test("a second signal gives back at once what runs", async () => {
  const { queue, process } = await working({ name: "long", sleepMs: 3_600_000 }, 3_600);

  process.signal("SIGINT");
  await leasedOf(queue).toBe(1);
  process.signal("SIGTERM");

  expect(await process.ended).toBe("SIGINT");
  expect(await queue.describe()).toMatchObject({ visible: 2, leased: 0, dead: 0 });
});

test("a program that listens for the signal too goes on when its worker has ended", async () => {
  const { process } = await working({ name: "long", sleepMs: 2_000 }, 0.1, { leavesSignals: false });

  process.signal("SIGTERM");
  await process.until(({ what }) => what === "closed");

  expect(await process.ended).toBe(0);
});

test("any number of workers have one listener of each signal, which is gone with the last of them", async () => {
  const memory = new MemoryManager();
  const counts = () => [process.listenerCount("SIGTERM"), process.listenerCount("SIGINT")];
  const [terms = 0, ints = 0] = counts();
  const workers = Array.from({ length: 20 }, (_, index) => {
    return memory.queue(`queue-${index}`).work(() => undefined, { shutdownSeconds: 5 });
  });
  memory.queue("another").work(() => undefined);
  expect(counts()).toEqual([terms + 1, ints + 1]);

  await Promise.all(workers.slice(1).map((worker) => worker.close()));
  expect(counts()).toEqual([terms + 1, ints + 1]);
  await workers[0]?.close();

  expect(counts()).toEqual([terms, ints]);
  await memory.close();
});
