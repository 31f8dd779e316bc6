/** Pools on a server: what they need of the queue, and what survives. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Closed, type QueueManager } from "../../../worker-client/src/index.ts";
import { defineTasks, task } from "../../../worker-client/src/tasks/index.ts";
import { numbersOf } from "../../support/pools/numbers.ts";
import { HERE } from "../../support/pools/pools.ts";
import { freshName, TestServer } from "../../support/server.ts";

const server = new TestServer();
const managers: QueueManager[] = [];

beforeAll(() => server.start());
afterEach(async () => {
  await Promise.all(managers.splice(0).map((manager) => manager.close({ timeoutSeconds: 0 })));
});
afterAll(() => server.remove());

function newManager(options = {}): QueueManager {
  const manager = server.manager(options);
  managers.push(manager);
  return manager;
}

test.each(["websocket", "http"] as const)(
  "map gives results in order, in chunks of any size: over %s",
  async (transport) => {
    const pool = newManager({ transport }).pool(numbersOf(freshName()), "square", HERE);
    const inputs = Array.from({ length: 60 }, (_, n) => n);

    expect(await pool.map(inputs)).toEqual(inputs.map((n) => n * n));
    expect(await pool.map(inputs, { chunkSize: 7 })).toEqual(inputs.map((n) => n * n));
    expect(await pool.map(inputs.slice(0, 5), { chunkSize: 1 })).toEqual([0, 1, 4, 9, 16]);
  },
);

test("large lists of results arrive as a whole", async () => {
  const pool = newManager().pool(numbersOf(freshName()), "square", HERE);
  const inputs = Array.from({ length: 60_000 }, (_, n) => n);

  expect(await pool.map(inputs, { chunkSize: 20_000 })).toEqual(inputs.map((n) => n * n));
});

test("workers elsewhere do the work of a pool that starts none", async () => {
  const name = freshName();
  const tasks = numbersOf(name);
  newManager().work(tasks, { concurrency: 2 });
  const pool = newManager().pool<typeof tasks, "square">(name, "square", { processes: 0 });

  expect(await pool.map([1, 2, 3, 4, 5])).toEqual([1, 4, 9, 16, 25]);
  expect(await pool.apply(6)).toBe(36);
});

test("a queue that has room for few lets map wait", async () => {
  const name = freshName();
  const manager = newManager();
  await manager.queue(name).configure({ maxSize: 10 });
  const pool = manager.pool(numbersOf(name), "square", HERE);
  const inputs = Array.from({ length: 100 }, (_, n) => n);

  expect(await pool.map(inputs, { chunkSize: 1 })).toEqual(inputs.map((n) => n * n));
});

test("map under the key of a program that died gives its results, and does nothing twice", async () => {
  const runs: number[] = [];
  const tasks = defineTasks(freshName(), {
    note: task({
      run: (n: number) => {
        runs.push(n);
        return `${n}:${"x".repeat(30_000)}`;
      },
    }),
  });
  const inputs = Array.from({ length: 60 }, (_, n) => n);
  const options = { chunkSize: 30, idempotencyKey: "report-7" };
  const first = newManager();
  const dying = first.pool(tasks, "note", { processes: 0 }).mapAsync(inputs, options);
  await expect.poll(async () => (await newManager().queue(tasks.queue).describe()).visible).toBe(2);
  await first.close();

  const results = await newManager().pool(tasks, "note", HERE).map(inputs, options);
  const again = await newManager().pool(tasks, "note", HERE).map(inputs, options);

  await expect(dying.get()).rejects.toThrow(Closed);
  expect(results.map((text) => Number.parseInt(text, 10))).toEqual(inputs);
  expect(again).toEqual(results);
  expect(runs.sort((a, b) => a - b)).toEqual(inputs);
});

test("a map goes on where a server that crashed begins anew", async () => {
  const pool = newManager().pool(numbersOf(freshName()), "square", HERE);
  const inputs = Array.from({ length: 2_000 }, (_, n) => n);

  const result = pool.mapAsync(inputs, { chunkSize: 1 });
  await result.wait({ timeoutSeconds: 0.1 });
  await server.crash();
  await server.start();

  expect(await result.get()).toEqual(inputs.map((n) => n * n));
});

test("a pool whose key is refused throws that, and is not running any more", async () => {
  const manager = newManager({ authkey: "another-key" });
  const pool = manager.pool(numbersOf(freshName()), "square", { ...HERE, onError: () => undefined });

  await expect(pool.apply(1)).rejects.toMatchObject({ code: "unauthorized" });
  // The worker may hear of it a little later than the first call.
  const refused = () => pool.apply(1).catch((error: Error) => error.message);
  await expect.poll(refused).toContain("is not running: its worker has failed");
});
