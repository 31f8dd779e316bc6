/** A lease that is over is told while its handler runs, once. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Queue, QueueOptions } from "../../../worker-client/src/index.ts";
import { TestServer } from "../../support/server.ts";
import { namesOf, toldBy } from "../../support/workers/told.ts";
import { closedWorkers, impatientQueue, unreported } from "../../support/workers/workers.ts";

const server = new TestServer();
const work = closedWorkers();

beforeAll(() => server.start());
afterAll(() => server.remove());

function freshQueue(options: QueueOptions = {}): Promise<Queue<string>> {
  return impatientQueue(server, options);
}

/** Waits until the signal is aborted. */
function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

test.each([
  ["a job is told as such", { resultSeconds: 60 }, true],
  ["a message of which nothing is kept is told as a lost lease", {}, false],
])("the cancel of %s, and not that it failed or completed", async (_, options, cancelled) => {
  const queue = await freshQueue();
  const id = await queue.put("a", options);
  const worker = work(
    queue,
    async ({ signal }) => {
      await queue.cancel(id);
      await abortOf(signal);
    },
    { onError: unreported },
  );
  const told = toldBy(worker);

  await expect.poll(() => namesOf(told)).toEqual(["started", "lost"]);
  await worker.close();

  expect(told.slice(1)).toEqual([
    { name: "lost", item: "a", cancelled, error: expect.objectContaining({ code: "lease_lost" }) },
  ]);
  expect(String(told[1]?.error).includes("is over: it was cancelled.")).toBe(cancelled);
});

test("a handler that throws the reason of its signal has lost its lease, and has not failed", async () => {
  const queue = await freshQueue();
  const id = await queue.put("a");
  const errors: unknown[] = [];
  const worker = work(
    queue,
    async ({ signal }) => {
      await queue.cancel(id);
      await abortOf(signal);
      throw signal.reason;
    },
    { onError: (error) => errors.push(error) },
  );
  const told = toldBy(worker);

  await expect.poll(() => namesOf(told)).toEqual(["started", "lost"]);
  await worker.close();

  expect(namesOf(told)).toEqual(["started", "lost"]);
  expect(errors).toEqual([told[1]?.error]);
});

test("a handler that throws another error has lost its lease and failed, and nothing follows", async () => {
  const queue = await freshQueue();
  const id = await queue.put("a");
  const worker = work(
    queue,
    async ({ signal }) => {
      await queue.cancel(id);
      await abortOf(signal);
      throw new Error("torn down");
    },
    { onError: unreported },
  );
  const told = toldBy(worker);

  await expect.poll(() => namesOf(told)).toEqual(["started", "lost", "failed"]);
  await worker.close();

  expect(namesOf(told)).toEqual(["started", "lost", "failed"]);
});

test("a lease that the ack finds over is told then, and that it has not completed", async () => {
  const queue = await freshQueue();
  const id = await queue.put("a");
  const worker = work(queue, () => queue.cancel(id), { onError: unreported });
  const told = toldBy(worker);

  await expect.poll(() => namesOf(told)).toContain("lost");
  await worker.close();

  expect(namesOf(told)).toEqual(["started", "lost"]);
});
