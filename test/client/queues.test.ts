import { afterAll, beforeAll, expect, test } from "vitest";
import { type ListedQueue, QueueManager } from "../../worker-client/src/index.ts";
import { eventually } from "../support/eventually.ts";
import { freshName, TestServer } from "../support/server.ts";

/** A queue in use reports its counts after this. */
const MINUTE_SECONDS = 60;

const server = new TestServer({ isMovable: true });

beforeAll(() => server.start());
afterAll(() => server.remove());

async function listed(prefix: string, manager = server.manager()): Promise<ListedQueue[]> {
  const queues: ListedQueue[] = [];
  for await (const queue of manager.queues({ prefix })) queues.push(queue);
  return queues;
}

test("queues lists what each queue has last reported, with Dates", async () => {
  const before = Date.now();
  const queue = server.manager().queue<number>(freshName());
  await queue.putMany([1, 2, 3]);
  const first = await eventually(async () => {
    const [shown] = await listed(queue.name);
    expect(shown?.counts?.visible).toBe(3);
    return shown;
  });

  const [message] = await queue.receive();
  await message?.ack();
  await server.pass(MINUTE_SECONDS, queue.name);
  const [second] = await listed(queue.name);

  expect(first).toMatchObject({ name: queue.name, counts: { visible: 3, leased: 0, accepted: 3, done: 0 } });
  expect(first?.oldestAt?.getTime()).toBeGreaterThanOrEqual(before);
  expect(second).toMatchObject({ name: queue.name, counts: { visible: 2, leased: 0, unfinished: 2, done: 1 } });
  expect(second?.oldestAt).toEqual(first?.oldestAt);
  expect(Number(second?.countedAt) - Number(first?.countedAt)).toBeGreaterThanOrEqual(MINUTE_SECONDS * 1_000);
});

test("queues lists the last change before a crash of the server, although no client uses the queue again", async () => {
  const queue = server.manager().queue<number>(freshName());
  await queue.putMany([1, 2]);
  await queue.getNowait();
  await queue.getNowait();

  await server.crash();
  await server.start();
  await server.pass(MINUTE_SECONDS, queue.name);

  expect(await listed(queue.name)).toMatchObject([{ counts: { visible: 0, accepted: 2, done: 2 } }]);
});

test("queues of a prefix come over several pages, an empty one without the time of an oldest message", async () => {
  const manager = server.manager();
  const names = Array.from({ length: 105 }, (_, number) => `paged-${String(number).padStart(3, "0")}`);
  await Promise.all(names.map((name) => manager.queue(name).configure({})));

  const queues = await eventually(async () => {
    const all = await listed("paged-");
    expect(all.every(({ countedAt }) => countedAt !== undefined)).toBe(true);
    return all;
  });

  expect(queues.map(({ name }) => name)).toEqual(names);
  expect(queues[0]).toMatchObject({ counts: { visible: 0, accepted: 0 }, oldestAt: undefined });
});

test("queues of a server that knows names alone have no counts", async () => {
  const page = { queues: [{ name: "a" }, { name: "b" }], cursor: null };
  const manager = new QueueManager({ authkey: "key", fetch: async () => Response.json(page) });

  expect(await listed("", manager)).toEqual([
    { name: "a", counts: undefined, oldestAt: undefined, countedAt: undefined },
    { name: "b", counts: undefined, oldestAt: undefined, countedAt: undefined },
  ]);
});

test("queues refuses an option that it does not have", async () => {
  const options = { prefx: "a" } as object;

  await expect(server.manager().queues(options).next()).rejects.toThrow(TypeError);
});
