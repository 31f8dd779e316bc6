/** The queues of a server from inside its own Worker: `of`. */
import { createExecutionContext, listDurableObjectIds } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ServerOptions } from "../../src/options.ts";
import { type BindingManager, durableQueue } from "../../src/server.ts";
import {
  DoneTooOften,
  Empty,
  Full,
  Invalid,
  JobFailed,
  NotWaiting,
  ShutDown,
  TooLarge,
  UnknownMessage,
  UnknownQueue,
} from "../../worker-client/src/index.ts";
import { defineTasks, task } from "../../worker-client/src/tasks/index.ts";
import { descriptionOf, freshQueue, nameOf } from "../support/call.ts";
import { boundManager } from "./bound.ts";

const { QUEUE, DIRECTORY } = env;

/** The queues of a server whose Worker has these bindings, and `ctx.exports`. */
function queuesOf(bindings: object, ownExports?: object, options: ServerOptions<object> = {}): BindingManager {
  const ctx = Object.assign(createExecutionContext(), { exports: ownExports });
  return durableQueue<object>(options).of(bindings, ctx);
}

function freshName(): string {
  return nameOf(freshQueue());
}

test("a Worker without a key puts and gets items, bytes too", async () => {
  const queue = queuesOf({ QUEUE, DIRECTORY }).queue<unknown>(freshName());

  const ids = await queue.putMany([{ n: 1, at: new Date(0) }, new Uint8Array([0, 1, 255]), null]);

  expect(ids).toHaveLength(3);
  expect(await queue.get()).toEqual({ n: 1, at: "1970-01-01T00:00:00.000Z" });
  expect(await queue.get()).toEqual(new Uint8Array([0, 1, 255]));
  expect(await queue.get()).toBeNull();
});

test.each<[string, object, object | undefined, ServerOptions<object>]>([
  ["classic bindings", { QUEUE, DIRECTORY }, undefined, {}],
  ["bindings of other names", { Q: QUEUE, D: DIRECTORY }, {}, { queueBinding: "Q", directoryBinding: "D" }],
  ["exports alone", {}, exports, {}],
  ["a base path", { QUEUE, DIRECTORY }, undefined, { basePath: "/api/v2/queues" }],
  [
    "an `authorize` that refuses all",
    { QUEUE, DIRECTORY },
    {},
    { authorize: () => new Response(null, { status: 401 }) },
  ],
  ["keys that cannot be read", { QUEUE, DIRECTORY, AUTHKEYS: "{" }, {}, {}],
])("a Worker with %s has the same queues", async (_, bindings, ownExports, options) => {
  const name = freshName();

  await queuesOf(bindings, ownExports, options).queue(name).put("a");

  expect(await boundManager().queue(name).get()).toBe("a");
});

test.each<[string, object, object | undefined, ServerOptions<object>, string]>([
  [
    ...(["exported class", { DIRECTORY }, {}, {}] as const),
    'The Worker does not export the class QueueObject. Add the line "export class QueueObject extends queues.QueueObject {}" to the module that main names in wrangler.jsonc',
  ],
  [
    ...(["directory", { QUEUE }, undefined, {}] as const),
    'The Worker has neither a Durable Object binding DIRECTORY nor ctx.exports. Set compatibility_date in wrangler.jsonc to 2025-11-17 or later, or add { "name": "DIRECTORY", "class_name": "DirectoryObject" } to durable_objects.bindings in wrangler.jsonc',
  ],
  [
    ...(["binding of the option", { QUEUE, DIRECTORY }, {}, { queueBinding: "JOBS" }] as const),
    'queueBinding is "JOBS", but the Worker has no Durable Object binding of this name. Add { "name": "JOBS", "class_name": "QueueObject" } to durable_objects.bindings in wrangler.jsonc',
  ],
])("without its %s a queue says so where it is first used", async (_, bindings, ownExports, options, sentence) => {
  const manager = queuesOf(bindings, ownExports, options);
  const queue = manager.queue("emails");

  const code = "misconfigured";
  await expect(queue.put("a")).rejects.toMatchObject({ code, message: `${sentence} (queue emails).`, queue: "emails" });
  await expect(queue.getNowait()).rejects.toMatchObject({ code });
  await expect(manager.queueNames().next()).rejects.toMatchObject({ code, message: `${sentence}.` });
});

test("errors are those of the client over HTTP", async () => {
  const queue = boundManager().queue<unknown>(freshName());
  const unknown = boundManager().queue(freshName());

  await expect(unknown.describe()).rejects.toThrow(UnknownQueue);
  await expect(unknown.describe()).rejects.toThrow(
    `The queue ${unknown.name} does not exist: it has not been put to or configured, or it was deleted. A put or a configuration creates it.`,
  );
  await expect(unknown.taskDone()).rejects.toThrow(DoneTooOften);
  await expect(unknown.getNowait()).rejects.toThrow(Empty);
  await queue.configure({ maxSize: 1 });
  await queue.put(1);
  await expect(queue.putNowait(2)).rejects.toThrow(Full);
  await expect(queue.put(2, { timeoutSeconds: 0.01 })).rejects.toThrow(Full);
  await expect(queue.configure({ maxSize: -1 })).rejects.toThrow(Invalid);
  await expect(queue.put("x".repeat(1_100_000))).rejects.toThrow(TooLarge);
  await expect(queue.peek("0.none-1-0")).rejects.toThrow(UnknownMessage);
  await expect(queue.result("0.none-1-0")).rejects.toThrow(UnknownMessage);
  const [message] = await queue.receive();
  await expect(queue.change(message?.id ?? "", { priority: 1 })).rejects.toThrow(NotWaiting);
  await queue.shutdown();
  await expect(queue.put(2)).rejects.toThrow(ShutDown);
  expect(() => boundManager().queue("emails/1")).toThrow(RangeError);
});

test("a guessed name makes no object, whatever is asked", async () => {
  const before = await listDurableObjectIds(QUEUE);
  const queue = boundManager().queue(freshName());

  expect(await queue.qsize()).toBe(0);
  expect(await queue.receive({ timeoutSeconds: 0 })).toEqual([]);
  expect(await queue.join({ timeoutSeconds: 5 })).toBe(true);
  expect(await queue.purge()).toBe(0);
  await expect(queue.describe()).rejects.toThrow(UnknownQueue);

  expect(await listDurableObjectIds(QUEUE)).toEqual(before);
});

test("the names of queues are listed in order from a prefix", async () => {
  const prefix = `${freshName()}.`;
  const names = Array.from({ length: 3 }, (_, index) => `${prefix}${index}`);
  for (const name of names) await boundManager().queue(name).put("a");

  const listed: string[] = [];
  for await (const name of boundManager().queueNames({ prefix })) listed.push(name);
  expect(listed).toEqual(names);
});

test("jobs are submitted, worked on and awaited", async () => {
  const tasks = defineTasks(freshName(), {
    double: task({ run: async ({ n }: { n: number }) => 2 * n }),
    fail: task({ maxAttempts: 1, run: async (): Promise<void> => Promise.reject(new Error("broken")) }),
  });
  const manager = boundManager();
  const client = manager.tasks(tasks);
  const worker = manager.work(tasks, { concurrency: 2 });

  const jobs = [await client.double.submit({ n: 21 }), await client.fail.submit()] as const;

  expect(await jobs[0].result({ timeoutSeconds: 20 })).toBe(42);
  await expect(jobs[1].result({ timeoutSeconds: 20 })).rejects.toThrow(JobFailed);
  await worker.close();
});

test("a worker works while its event lives, and is closed with its manager", async () => {
  const name = freshName();
  const worked: unknown[] = [];
  {
    await using manager = boundManager();
    const queue = manager.queue<number>(name);
    await queue.putMany([1, 2, 3]);
    manager.queue<number>(name).work(({ item }) => worked.push(item), { concurrency: 2 });
    expect(await queue.join({ timeoutSeconds: 20 })).toBe(true);
  }

  expect(worked.sort()).toEqual([1, 2, 3]);
  expect(await descriptionOf(`/v1/queues/${name}`)).toMatchObject({ done: 3, leased: 0 });
});
