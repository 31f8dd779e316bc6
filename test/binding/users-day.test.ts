/** What went wrong for users of service bindings, of calls of Durable Objects and of Cloudflare Queues, tried by binding. */
import { createExecutionContext, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env, waitUntil } from "cloudflare:workers";
import { expect, test } from "vitest";
import { durableQueue, fromService } from "../../src/server.ts";
import { BindingManager } from "../../worker-client/binding/binding-manager.ts";
import { Full, Invalid } from "../../worker-client/src/index.ts";
import { bodiesOf, call, descriptionOf, freshQueue, nameOf, objectOf, put, receive } from "../support/call.ts";
import { queues } from "../support/movable-worker/queues.ts";
import { boundManager, callsWith, managerWith } from "./bound.ts";

const ALL = { queues: ["test-"], scopes: ["read", "put", "receive", "admin"] };

class Money {
  readonly amount = 7;
  readonly #secret = 1;
  toJSON(): object {
    return { euros: this.amount * this.#secret };
  }
}

test("instances, dates and undefined arrive as JSON has them, and are no DataCloneError", async () => {
  const queue = managerWith(ALL).queue<unknown>(nameOf(freshQueue()));

  await queue.put({ at: new Date(0), money: new Money(), none: undefined, of: new Map([[1, 2]]) });
  await expect(queue.put(() => 1)).rejects.toThrow("An item must have a JSON form");
  await expect(queue.put(undefined)).rejects.toThrow(TypeError);
  await expect(queue.put({ n: 1n })).rejects.toThrow(TypeError);

  expect(await queue.get()).toEqual({ at: "1970-01-01T00:00:00.000Z", money: { euros: 7 }, of: {} });
});

test("a deep item and one of a megabyte arrive, and the limit is said", async () => {
  const queue = managerWith(ALL).queue<unknown>(nameOf(freshQueue()));
  const deep = JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`) as unknown;
  const large = new Uint8Array(1_000_000).fill(7);

  await queue.putMany([deep, large]);

  expect(await queue.get()).toEqual(deep);
  expect((await queue.get()) as Uint8Array).toHaveLength(1_000_000);
});

test("errors keep their classes, codes and fields over a service binding", async () => {
  const queue = managerWith(ALL).queue(nameOf(freshQueue()));
  await queue.configure({ maxSize: 1 });
  await queue.put("a");

  await expect(queue.putNowait("b")).rejects.toBeInstanceOf(Full);
  const invalid = await queue.configure({ maxSize: -1 }).catch((error: unknown) => error);
  expect(invalid).toBeInstanceOf(Invalid);
  expect((invalid as Invalid).errors).toEqual([{ path: "maxSize", message: expect.any(String) }]);
});

test("a Durable Object calls again and again, at once and one after the other", async () => {
  const queue = freshQueue();
  const from = objectOf(freshQueue());

  await runInDurableObject(from, async (_, ctx) => {
    const own = new BindingManager(queues.callsOf(env, ctx), "The queue's object", waitUntil).queue(nameOf(queue));
    for (let puts = 0; puts < 3; puts += 1) await own.put(puts);
    await Promise.all([own.put(3), own.put(4)]);
    await ctx.blockConcurrencyWhile(() => own.put(5));
  });

  expect(bodiesOf(await receive(queue, { max: 9 })).sort()).toEqual([0, 1, 2, 3, 4, 5]);
});

test("a put that goes on after the response is stored", async () => {
  const queue = freshQueue();
  const ctx = createExecutionContext();

  ctx.waitUntil(boundManager().queue(nameOf(queue)).put("later"));
  await waitOnExecutionContext(ctx);

  expect(bodiesOf(await receive(queue))).toEqual(["later"]);
});

test("an `env` that a tool for tracing has wrapped, and that of the module, have the same queues", async () => {
  const name = nameOf(freshQueue());
  const wrapped = new Proxy(env, { get: (target, key) => Reflect.get(target, key) });
  const server = durableQueue<object>();

  await server.of(wrapped, createExecutionContext()).queue(name).put("a");
  await server.of(env, {}).queue(name).put("b");

  expect(bodiesOf(await receive(`/v1/queues/${name}`, { max: 2 }))).toEqual(["a", "b"]);
});

test("a service binding that such a tool has wrapped works", async () => {
  const name = nameOf(freshQueue());
  const wrapped = new Proxy(callsWith(ALL), { get: (target, key) => Reflect.get(target, key) });

  await fromService(wrapped).queue(name).put("a");

  expect(await boundManager().queue(name).get()).toBe("a");
});

test("each message goes to one of many events that receive at once", async () => {
  const queue = freshQueue();
  await put(queue, [1, 2, 3, 4, 5]);

  const got = await Promise.all([1, 2, 3, 4, 5].map(() => boundManager().queue<number>(nameOf(queue)).get()));

  expect(got.sort()).toEqual([1, 2, 3, 4, 5]);
  expect(await descriptionOf(queue)).toMatchObject({ visible: 0, leased: 0 });
});

test("what is put with a delay, a key and headers by binding is what HTTP shows", async () => {
  const queue = freshQueue();
  const options = { delaySeconds: 60, dedupeKey: "a", headers: { trace: "1" }, priority: 3, group: "g" };

  const id = await boundManager().queue(nameOf(queue)).put("a", options);
  const again = await managerWith(ALL).queue(nameOf(queue)).put("b", options);

  expect(again).toBe(id);
  expect((await call("GET", `${queue}/messages/${id}`)).body).toMatchObject({
    ...{ body: "a", state: "delayed", headers: { trace: "1" }, priority: 3, group: "g" },
  });
});
