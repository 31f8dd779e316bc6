/** The queues of a server for another Worker, by service binding to its `QueueService`: what its props grant, and no more. */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { AskOptions } from "../../src/api/binding-calls.ts";
import { OWNER } from "../../src/api/keys/principal.ts";
import { REQUEST_BYTES_MAX } from "../../src/contract/limits.ts";
import { SCOPES } from "../../src/contract/scopes.ts";
import { fromService } from "../../src/server.ts";
import { Forbidden } from "../../worker-client/src/index.ts";
import { bodiesOf, call, freshQueue, nameOf, put, receive } from "../support/call.ts";
import { callsWith, managerWith } from "./bound.ts";

afterEach(() => vi.restoreAllMocks());

const HOW =
  'Write in its entry under services, in the wrangler.jsonc of the Worker that has it: "props": { "queues": ["emails"], "scopes": ["put"] }. queues are beginnings of the names of queues, "" for all; scopes are some of read, put, receive, admin.';

const PUT = JSON.stringify({ messages: [{ body: "a" }] });

test.each<[string, unknown]>([
  ["no props", undefined],
  ["empty props", {}],
])("%s grant nothing, and the refusal says what to write", async (_, props) => {
  const queue = managerWith(props).queue(nameOf(freshQueue()));

  const sentence = `The service binding has no props, so that it grants nothing. ${HOW} Locally both Workers must be started by one command, wrangler dev with -c for each, or the props are lost (queue ${queue.name}).`;
  await expect(queue.put("a")).rejects.toThrow(Forbidden);
  await expect(queue.put("a")).rejects.toThrow(sentence);
  await expect(queue.getNowait()).rejects.toThrow(sentence);
  await expect(managerWith(props).queueNames().next()).rejects.toThrow(HOW);
});

test.each<[string, object, string]>([
  ["scopes alone", { scopes: ["put"] }, "props.queues is missing"],
  ["queues alone", { queues: ["test-"] }, "props.scopes is missing"],
  ["no queue", { queues: [], scopes: ["put"] }, "props.queues must have at least 1 element"],
  ["no scope", { queues: [""], scopes: [] }, "props.scopes must have at least 1 element"],
  [
    "a scope that there is not",
    { queues: [""], scopes: ["puts"] },
    "props.scopes[0] must be one of read, put, receive, admin",
  ],
  ["a misspelt name", { queues: [""], scope: ["put"], scopes: ["put"] }, "props.scope is not a field"],
  ["a name in place of names", { queues: "test-", scopes: ["put"] }, "props.queues must be"],
  [
    "what is no beginning",
    { queues: ["*"], scopes: ["put"] },
    "props.queues[0] must be the beginning of a queue's name",
  ],
  ["a principal", { ...OWNER }, "props.name is not a field"],
])("props with %s grant nothing, and the refusal names the fault", async (_, props, fault) => {
  const reply = await callsWith(props).ask(nameOf(freshQueue()), "put", PUT);

  expect(reply).toMatchObject({ ok: false, code: "forbidden" });
  const { detail } = reply as { detail: string };
  expect(detail).toContain(`The service binding grants nothing, because its props are wrong: ${fault}`);
  expect(detail).toContain(HOW);
});

test("a refusal names what the props grant, and where to write more", async () => {
  const manager = managerWith({ queues: ["test-", "mail."], scopes: ["put"] });
  const queue = nameOf(freshQueue());

  await expect(manager.queue(queue).getNowait()).rejects.toThrow(
    `The service binding does not grant receive, which this call needs. It grants put. Add receive to scopes in the props of the binding (queue ${queue}).`,
  );
  await expect(manager.queue("orders").put("a")).rejects.toThrow(
    "The service binding is not for the queue orders, but for queues whose names begin with test-, mail.. Add it to queues in the props of the binding.",
  );
});

test("queues are beginnings of names, as in a key", async () => {
  const queue = nameOf(freshQueue());
  const manager = managerWith({ queues: [queue], scopes: SCOPES });

  await manager.queue(queue).put("a");
  await manager.queue(`${queue}.later`).put("b");
  await expect(manager.queue(queue.slice(0, -1)).put("c")).rejects.toThrow(Forbidden);

  const names: string[] = [];
  for await (const name of manager.queueNames()) names.push(name);
  expect(names).toEqual([queue, `${queue}.later`]);
});

test("a queue's messages are not sent to queues that the binding is not for", async () => {
  const queue = nameOf(freshQueue());
  const manager = managerWith({ queues: [queue], scopes: SCOPES });

  await expect(manager.queue(queue).configure({ deadLetterQueue: "secrets" })).rejects.toThrow(Forbidden);
});

test("nothing in a call says who asks", async () => {
  const service = callsWith({ queues: ["test-"], scopes: ["put"] });
  const queue = nameOf(freshQueue());
  const widened = { principal: OWNER, isService: false, idempotencyKey: "a" } as AskOptions;

  expect(await service.ask(queue, "put", PUT, widened)).toMatchObject({ ok: false, code: "invalid" });
  expect(await service.ask("orders", "put", PUT, widened)).toMatchObject({ ok: false, code: "forbidden" });
  expect(await service.ask(queue, "receive", "{}", widened)).toMatchObject({ ok: false, code: "forbidden" });
  const ofRequest = JSON.stringify({ messages: [{ body: "a" }], principal: OWNER });
  expect(await service.ask(queue, "put", ofRequest)).toMatchObject({ ok: false, code: "invalid" });
});

test.each<[string, unknown[], string]>([
  ["a partition of another queue", ["test-1/1", "put", PUT], "queue must be 1 to 128 of A-Z a-z 0-9 . _ -"],
  ["a queue that is no text", [{ toString: "test-1" }, "put", PUT], "queue must be"],
  ["a verb of the language", ["test-1", "constructor", PUT], "verb must be one of put, messages"],
  ["a verb of sockets", ["test-1", "subscribe", '{"credit":1}'], "verb must be one of put, messages"],
  ["no verb", ["test-1"], "verb must be one of put, messages"],
  ["a request that is no text", ["test-1", "put", { messages: [{ body: "a" }] }], "request must be JSON text"],
  ["a request that is too large", ["test-1", "put", " ".repeat(REQUEST_BYTES_MAX + 1)], "request has more than"],
  [
    "a key that no header could carry",
    ["test-1", "put", PUT, { idempotencyKey: "ä" }],
    "options.idempotencyKey must be",
  ],
  ["a wait that is no random id", ["test-1", "put", PUT, { waitId: "1" }], "options.waitId must be a random UUID"],
  ["options that are none", ["test-1", "put", PUT, "a"], "options must be"],
])("%s is refused", async (_, args, sentence) => {
  const service = callsWith({ queues: ["test-"], scopes: SCOPES });

  const reply = await service.ask(...(args as Parameters<typeof service.ask>));

  expect(reply).toMatchObject({ ok: false, detail: expect.stringContaining(sentence) });
});

test("a function in place of an argument is not called", async () => {
  const service = callsWith({ queues: ["test-"], scopes: SCOPES });
  const called = vi.fn(() => "test-1");

  for (const args of [
    [called, "put", PUT],
    ["test-1", called, PUT],
    ["test-1", "put", called],
    ["test-1", "put", PUT, called],
  ]) {
    expect(await service.ask(...(args as Parameters<typeof service.ask>))).toMatchObject({
      ok: false,
      code: "invalid",
    });
  }
  expect(called).not.toHaveBeenCalled();
});

test("a guessed name makes no object, and a wait is ended in no queue that the binding is not for", async () => {
  const before = await listDurableObjectIds(env.QUEUE);
  const reader = callsWith({ queues: ["test-"], scopes: ["read", "put", "admin"] });
  const id = crypto.randomUUID();

  for (const queue of [nameOf(freshQueue()), "orders", "test-1/1"]) await reader.abandon(queue, id);
  await callsWith(undefined).abandon(nameOf(freshQueue()), id);
  expect(await reader.ask(nameOf(freshQueue()), "describe", "{}")).toMatchObject({ code: "unknown_queue" });

  expect(await listDurableObjectIds(env.QUEUE)).toEqual(before);
});

test("a put under one idempotency key is stored once", async () => {
  const queue = freshQueue();
  const manager = managerWith({ queues: ["test-"], scopes: ["put"] });

  const ids = [];
  for (let tries = 0; tries < 2; tries += 1)
    ids.push(await manager.queue(nameOf(queue)).put("a", { idempotencyKey: "k" }));

  expect(ids[0]).toBe(ids[1]);
  expect(bodiesOf(await receive(queue, { max: 9 }))).toEqual(["a"]);
});

test("a Worker with receive alone works through a queue of another Worker", async () => {
  const queue = freshQueue();
  await put(queue, [1, 2]);
  const worked: unknown[] = [];

  const worker = managerWith({ queues: ["test-"], scopes: ["receive"] })
    .queue(nameOf(queue))
    .work(({ item }) => worked.push(item));
  await expect.poll(() => call("GET", queue)).toMatchObject({ body: { done: 2 } });
  await worker.close();

  expect(worked).toEqual([1, 2]);
});

test.each<[string, unknown, string]>([
  ["no binding", undefined, "not undefined"],
  ["a name", "QUEUES", 'not "QUEUES"'],
  ["a namespace of Durable Objects", { getByName: () => undefined }, "not an object"],
])("fromService() of %s says which line is missing where", (_, service, what) => {
  expect(() => fromService(service as object)).toThrow(
    `fromService() takes a service binding to the entrypoint QueueService, ${what}. Add to services in wrangler.jsonc: { "binding": "QUEUES", "service": "app", "entrypoint": "QueueService", "props": { "queues": ["emails"], "scopes": ["put"] } }.`,
  );
});

test("a service binding without an entrypoint is told from a server that is away", async () => {
  const other = {
    ask: () => Promise.reject(new TypeError('The RPC receiver does not implement the method "ask".')),
    list: () => Promise.reject(new TypeError('The RPC receiver does not implement the method "list".')),
  };
  const manager = fromService(other);

  const sentence = "The service binding leads to something that is no QueueService. Its entry under services";
  await expect(manager.queue("emails").put("a")).rejects.toThrow(sentence);
  await expect(manager.queueNames().next()).rejects.toMatchObject({ code: "misconfigured" });
});
