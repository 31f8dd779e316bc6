/** Where a server finds the namespaces of its objects, and what it answers where its Worker lacks one. */
import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { ServerOptions } from "../../src/options.ts";
import { durableQueue } from "../../src/server.ts";
import { AUTHKEY, AUTHORIZATION, freshQueue } from "../support/call.ts";

const { QUEUE, DIRECTORY } = env;

/** An object of the Worker, whose class has no storage. */
const CLASS_ALONE = () => undefined;
/** A binding to another Worker: it seems to have every method. */
const SERVICE = new Proxy({}, { get: () => CLASS_ALONE, has: () => true });

interface WorkerParts {
  options?: ServerOptions<object>;
  bindings?: object;
  exports?: object | undefined;
}

/** Sends a request to a server whose Worker has these bindings, and `ctx.exports`. */
async function ask(path: string, parts: WorkerParts, init: RequestInit = { headers: AUTHORIZATION }) {
  const queues = durableQueue<object>(parts.options);
  const ctx = Object.assign(createExecutionContext(), { exports: parts.exports });
  const request = new Request(`http://queue.test${path}`, init);
  const response = (await queues.fetch(request, { AUTHKEY, ...parts.bindings }, ctx)) ?? Response.error();
  const { code, detail } = await response.json<{ code?: string; detail?: string }>();
  return { status: response.status, code, detail };
}

async function putInto(queue: string, parts: WorkerParts): Promise<number> {
  const body = JSON.stringify({ messages: [{ body: "a" }] });
  return (await ask(`${queue}/messages`, parts, { method: "POST", headers: AUTHORIZATION, body })).status;
}

test.each<[string, WorkerParts]>([
  ["QUEUE and DIRECTORY", { bindings: { QUEUE, DIRECTORY } }],
  ["other names", { options: { queueBinding: "Q", directoryBinding: "D" }, bindings: { Q: QUEUE, D: DIRECTORY } }],
  ["no bindings, but exports", { exports }],
  ["a binding QUEUE to something else, and exports", { bindings: { QUEUE: { send: CLASS_ALONE } }, exports }],
  ["a binding QUEUE to another Worker, and exports", { bindings: { QUEUE: SERVICE }, exports }],
])("a server whose Worker has %s finds its objects", async (_, parts) => {
  const queue = freshQueue();

  expect(await putInto(queue, parts)).toBe(201);
  expect(await ask(queue, { bindings: { QUEUE, DIRECTORY } })).toMatchObject({ status: 200 });
});

const BINDING_OF_DIRECTORY = { DIRECTORY };
test.each<[string, WorkerParts, string]>([
  [
    "the binding that an option names",
    { options: { queueBinding: "JOBS" }, bindings: { QUEUE, DIRECTORY }, exports },
    'queueBinding is "JOBS", but the Worker has no Durable Object binding of this name. Add { "name": "JOBS", "class_name": "QueueObject" } to durable_objects.bindings in wrangler.jsonc.',
  ],
  [
    "bindings, and has an old compatibility date",
    { bindings: BINDING_OF_DIRECTORY },
    'The Worker has neither a Durable Object binding QUEUE nor ctx.exports. Set compatibility_date in wrangler.jsonc to 2025-11-17 or later, or add { "name": "QUEUE", "class_name": "QueueObject" } to durable_objects.bindings in wrangler.jsonc.',
  ],
  [
    "the class of queues",
    { bindings: BINDING_OF_DIRECTORY, exports: {} },
    'The Worker does not export the class QueueObject. Add the line "export class QueueObject extends queues.QueueObject {}" to the module that main names in wrangler.jsonc.',
  ],
  [
    "the class of the directory",
    { bindings: { QUEUE }, exports: {} },
    'The Worker does not export the class DirectoryObject. Add the line "export class DirectoryObject extends queues.DirectoryObject {}" to the module that main names in wrangler.jsonc.',
  ],
  [
    "storage for the class of queues",
    { bindings: BINDING_OF_DIRECTORY, exports: { QueueObject: CLASS_ALONE } },
    'The class QueueObject has no storage. Add "QueueObject": { "type": "durable-object", "storage": "sqlite" } to exports in wrangler.jsonc; if it has migrations, add QueueObject to new_sqlite_classes of a new one instead.',
  ],
])("a server whose Worker lacks %s refuses everything, and names the line and its place", async (_, parts, detail) => {
  const misconfigured = { status: 503, code: "misconfigured", detail };

  expect(await ask("/v1/queues", parts)).toEqual(misconfigured);
  expect(await ask("/healthz", parts, {})).toEqual(misconfigured);
  expect(await ask("/v1/queues", parts, {})).toMatchObject({ status: 401 });
});

test("a server whose Worker lacks its consumers says which line is missing when its health is asked for, and takes puts", async () => {
  const parts: WorkerParts = { options: { consumers: "Handlers" }, bindings: { QUEUE, DIRECTORY }, exports };

  const health = await ask("/healthz", parts);

  expect(health).toEqual({
    ...{ status: 503, code: "misconfigured" },
    detail:
      'consumers is "Handlers", but the Worker exports no class of this name. Add the line "export class Handlers extends consumers({ … }) {}" to the module that main names in wrangler.jsonc, or a service binding of this name.',
  });
  expect(await putInto(freshQueue(), parts)).toBe(201);
});

test.each<[string, WorkerParts]>([
  ["exports them", { options: { consumers: "Consumers" }, bindings: { QUEUE, DIRECTORY }, exports }],
  ["has a binding to them", { options: { consumers: "C" }, bindings: { QUEUE, DIRECTORY, C: SERVICE }, exports }],
])("a server whose Worker %s is healthy", async (_, parts) => {
  expect(await ask("/healthz", parts)).toMatchObject({ status: 200 });
});
