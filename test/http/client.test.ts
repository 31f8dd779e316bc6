/** The client inside a Worker, whose requests go to the server without a network, as over a service binding. */
import { expect, test } from "vitest";
import { Empty, Full, type Queue, QueueManager, Unauthorized } from "../../worker-client/src/index.ts";
import { AUTHKEY, freshQueue, nameOf, serve } from "../support/call.ts";

/** What a service binding has: the same function as `fetch`, for one Worker. */
const binding: typeof fetch = async (input, init) => serve(new Request(input, init));

function manager(authkey = AUTHKEY): QueueManager {
  return new QueueManager({ address: "https://queue.test", authkey, fetch: binding });
}

function queueOf<Item>(): Queue<Item> {
  return manager().queue<Item>(nameOf(freshQueue()));
}

test("puts and gets items, bytes too", async () => {
  const queue = queueOf<unknown>();

  await queue.putMany([{ n: 1 }, new Uint8Array([1, 2, 255])]);

  expect(await queue.get()).toEqual({ n: 1 });
  expect(await queue.get()).toEqual(new Uint8Array([1, 2, 255]));
});

test("gets empty, full and unauthorized as errors", async () => {
  const queue = queueOf<number>();
  await queue.configure({ maxSize: 1 });

  await expect(queue.getNowait()).rejects.toThrow(Empty);
  await expect(queue.get({ timeoutSeconds: 0.05 })).rejects.toThrow(Empty);
  await queue.put(1);
  await expect(queue.putNowait(2)).rejects.toThrow(Full);
  await expect(manager("wrong").queue(queue.name).put(1)).rejects.toThrow(Unauthorized);
});

test("lists the names of queues", async () => {
  const queue = queueOf<number>();
  await queue.put(1);

  const names: string[] = [];
  for await (const name of manager().queueNames({ prefix: queue.name })) names.push(name);

  expect(names).toContain(queue.name);
});

test("handles all messages of a queue, and waits until all are done", async () => {
  const queue = queueOf<number>();
  const worked: number[] = [];
  const worker = queue.work(({ item }) => worked.push(item));

  await queue.putMany([1, 2, 3]);

  expect(await queue.join()).toBe(true);
  expect(worked).toEqual([1, 2, 3]);
  await worker.close();
});
