/** A Worker that authorizes requests in a way of its own. */
import { createExecutionContext, evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import type { ServerOptions } from "../../src/options.ts";
import { durableQueue } from "../../src/server.ts";
import { AUTHKEY, AUTHORIZATION, call, freshQueue, nameOf, objectOf } from "../support/call.ts";
import { socketOf } from "../support/sockets/object-socket.ts";

type Authorize = NonNullable<ServerOptions<typeof env>["authorize"]>;

const MESSAGE = JSON.stringify({ messages: [{ body: "a" }] });

afterEach(() => vi.restoreAllMocks());

async function ask(authorize: Authorize, path: string, init: RequestInit = {}, variables: object = {}) {
  const queues = durableQueue<typeof env>({ authorize });
  const request = new Request(`http://queue.test${path}`, init);
  const response =
    (await queues.fetch(request, { ...env, ...variables }, createExecutionContext())) ?? Response.error();
  const { code, detail, ...rest } = await response.json<{ code?: string; detail?: string; name?: string }>();
  return { status: response.status, code, detail, ...rest };
}

const put = (authorize: Authorize, queue: string) =>
  ask(authorize, `${queue}/messages`, { method: "POST", body: MESSAGE });

test("a grant stands in place of a key: its scopes and queues are granted, and nothing else", async () => {
  const queue = freshQueue();
  const grant = { name: "ada", scopes: ["put"], queues: [nameOf(queue)] } as const;

  expect(await put(() => grant, queue)).toMatchObject({ status: 201 });
  expect(await ask(async () => grant, "/v1/key")).toMatchObject({ status: 200, ...grant });
  expect(await put(() => grant, "/v1/queues/another")).toMatchObject({ status: 403, code: "forbidden" });
  expect(await ask(() => grant, queue)).toMatchObject({
    code: "forbidden",
    detail: "The key ada does not grant read, which this call needs. It grants put. Use a key that grants read.",
  });
});

test("a grant without queues is for all of them, and one without scopes for nothing", async () => {
  expect(await put(() => ({ name: "ada", scopes: ["put"] }), freshQueue())).toMatchObject({ status: 201 });
  expect(await put(() => ({ name: "ada", scopes: [] }), freshQueue())).toMatchObject({ code: "forbidden" });
  expect(await put(() => ({ name: "ada", scopes: ["put"], queues: [] }), freshQueue())).toMatchObject({ status: 403 });
});

test("the hook is given the request and what the Worker is given, and its response refuses the request", async () => {
  const authorize = vi.fn<Authorize>(() => Response.json({ code: "no" }, { status: 418 }));

  expect(await ask(authorize, "/v1/queues?prefix=a", { headers: { "X-User": "ada" } }, { MINE: 1 })).toEqual({
    ...{ status: 418, code: "no", detail: undefined },
  });
  const [request, given] = authorize.mock.calls[0] ?? [];
  expect(request?.url).toBe("http://queue.test/v1/queues?prefix=a");
  expect(request?.headers.get("X-User")).toBe("ada");
  expect(given).toMatchObject({ AUTHKEY, MINE: 1 });
});

test("a request that the hook leaves alone needs a key of the server", async () => {
  const leave = () => undefined;

  expect(await ask(leave, "/v1/queues", { headers: AUTHORIZATION })).toMatchObject({ status: 200 });
  expect(await ask(leave, "/v1/queues")).toMatchObject({ status: 401, code: "unauthorized" });
  expect(await ask(leave, "/v1/queues", { headers: AUTHORIZATION }, { AUTHKEY: "" })).toMatchObject({
    ...{ status: 503, code: "no_authkey" },
  });
});

test("a server with a hook needs no key, but none of its keys may be wrong", async () => {
  const grant: Authorize = () => ({ name: "ada", scopes: ["read"] });

  expect(await ask(grant, "/healthz", {}, { AUTHKEY: "" })).toMatchObject({ status: "ok" });
  expect(await ask(grant, "/v1/queues", {}, { AUTHKEY: "" })).toMatchObject({ status: 200 });
  expect(await ask(grant, "/v1/queues", {}, { AUTHKEYS: "[" })).toMatchObject({ code: "misconfigured" });
});

test.each<[unknown, string]>([
  [null, "grant must be an object."],
  [true, "grant must be an object."],
  [{ scopes: ["put"] }, "grant.name is missing; it must be a string."],
  [{ name: "ada@example.com", scopes: [] }, "grant.name must be 1 to 64 of A-Z a-z 0-9 . _ -."],
  [{ name: "ada", scopes: ["write"] }, "grant.scopes[0] must be one of read, put, receive, admin."],
  [{ name: "ada", scopes: [], queues: ["-"] }, "grant.queues[0] must be the beginning of a queue's name."],
  [{ name: "ada", scopes: [], queues: Array(11).fill("a") }, "grant.queues must have at most 10 elements."],
])("a hook that answers with %j grants nothing, and its developer learns why", async (answer, sentence) => {
  expect(await ask((() => answer) as Authorize, "/v1/queues", { headers: AUTHORIZATION })).toMatchObject({
    ...{ status: 503, code: "misconfigured" },
    detail: `The Worker's authorize must answer with a grant, a Response or undefined: ${sentence}`,
  });
});

test("a hook that throws grants nothing, and its error is in the log and not in the answer", async () => {
  const logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const error = new Error("the identity provider is away");

  const reply = await ask(() => Promise.reject(error), "/v1/queues", { headers: AUTHORIZATION });

  expect(reply).toMatchObject({ status: 500, code: "internal" });
  expect(reply.detail).not.toContain("identity");
  expect(logged).toHaveBeenCalledExactlyOnceWith("http: internal: a request failed unexpectedly.", error);
});

test("a connection keeps its grant, also after its object left memory", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const grant = { name: "ada", scopes: ["receive"], queues: ["other", nameOf(queue)] } as const;
  const queues = durableQueue<typeof env>({ authorize: () => grant });
  const headers = { Upgrade: "websocket", "Sec-WebSocket-Protocol": "durable-queue.v2" };
  const request = new Request(`http://queue.test${queue}/socket`, { headers });
  const socket = socketOf((await queues.fetch(request, env, createExecutionContext())) ?? Response.error());

  for (const id of [1, 3]) {
    socket.say({ id, verb: "receive", request: {} });
    expect(await socket.next()).toMatchObject({ id, reply: { messages: [] } });
    socket.say({ id: id + 1, verb: "describe" });
    expect(await socket.next()).toMatchObject({ id: id + 1, problem: { code: "forbidden" } });
    await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  }
  socket.end();
});
