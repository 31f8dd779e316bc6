/** The server of docs/embedding.md in a Worker of a user: compiled, and run by wrangler. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Queue, QueueManager } from "../../worker-client/src/index.ts";
import { blocksOf, WorkerProject } from "./embedded-worker.ts";

const AUTHKEY = "the-key-of-the-shop";

const workers = blocksOf("ts");
const [shop = ""] = workers;
const withOptions = workers.at(-1) ?? "";
const [configuration = ""] = blocksOf("jsonc");

const project = new WorkerProject("embedding");
beforeAll(() => {
  for (const [index, worker] of workers.entries()) project.write(`src/block-${index}.ts`, worker);
  project.write("src/with-options.ts", withOptions);
});
afterAll(() => project.remove());

/** Serves a Worker of the project with the page's configuration, changed so. Returns its origin. */
async function serve(changes: object, worker = shop): Promise<string> {
  project.write("src/index.ts", worker);
  return (await project.serve({ ...JSON.parse(configuration), vars: { AUTHKEY }, ...changes })).origin;
}

/** What a server says of its health. */
async function healthOf(origin: string): Promise<unknown> {
  const response = await fetch(`${origin}/queues/healthz`);
  return { status: response.status, ...((await response.json()) as object) };
}

function queueAt(address: string, name = "emails"): Queue<unknown> {
  return new QueueManager({ address, authkey: AUTHKEY, transport: "http", retrySeconds: 0 }).queue(name);
}

test("the Workers of the page compile", async () => {
  project.write("src/index.ts", shop);

  await project.compile();
});

test("the Worker of the page serves queues below its base path, and its own answers elsewhere", async () => {
  const origin = await serve({});
  const queue = queueAt(`${origin}/queues`);

  await queue.put({ to: "ada" });

  expect(await queue.get()).toEqual({ to: "ada" });
  expect(await (await fetch(`${origin}/about`)).text()).toBe("The shop is open.");
  expect(await healthOf(origin)).toEqual({ status: "ok" });
});

test("a Worker with migrations in place of exports serves queues without bindings", async () => {
  const migrations = [{ tag: "v1", new_sqlite_classes: ["QueueObject", "DirectoryObject"] }];
  const queue = queueAt(`${await serve({ exports: undefined, migrations })}/queues`);

  await queue.put("a");

  expect(await queue.get()).toBe("a");
});

const EXPORTS = JSON.parse(configuration).exports as Record<string, object>;
const WITHOUT_CLASSES = shop.replaceAll(/^export class .*$/gm, "");

test.each<[string, object, string, string, string]>([
  [
    ...(["storage", { exports: undefined }, shop, "misconfigured"] as const),
    'Add "QueueObject": { "type": "durable-object", "storage": "sqlite" } to exports in wrangler.jsonc',
  ],
  [
    ...(["classes", { exports: undefined }, WITHOUT_CLASSES, "misconfigured"] as const),
    'Add the line "export class QueueObject extends queues.QueueObject {}" to the module that main names',
  ],
  [
    ...(["a new compatibility date", { compatibility_date: "2025-11-16" }, shop, "misconfigured"] as const),
    "Set compatibility_date in wrangler.jsonc to 2025-11-17 or later",
  ],
  ["a key", { vars: {} }, shop, "no_authkey", "Neither AUTHKEY nor AUTHKEYS is set"],
])("a Worker without %s says which line is missing where", async (_, changes, worker, code, sentence) => {
  const origin = await serve(changes, worker);

  expect(await healthOf(origin)).toMatchObject({ status: 503, code, detail: expect.stringContaining(sentence) });
  await expect(queueAt(`${origin}/queues`).put("a")).rejects.toMatchObject({ code });
});

test("the Worker with options takes users by their sessions, and all others by keys", async () => {
  const bindings = [{ name: "JOBS", class_name: "QueueObject" }];
  const signIn = `
import worker from "./with-options.ts";
export { DirectoryObject, QueueObject } from "./with-options.ts";
export default {
  async fetch(request, env, ctx) {
    if (new URL(request.url).pathname !== "/sign-in") return worker.fetch(request, env, ctx);
    await env.SESSIONS.put("a1", "ada");
    return new Response();
  },
};`;
  const origin = await serve(
    { durable_objects: { bindings }, kv_namespaces: [{ binding: "SESSIONS", id: "sessions" }] },
    signIn,
  );
  await fetch(`${origin}/sign-in`);
  const ask = async (session: string, queue: string) => {
    const body = JSON.stringify({ messages: [{ body: "a" }] });
    const headers = { Cookie: `session=${session}` };
    return (await fetch(`${origin}/v1/queues/${queue}/messages`, { method: "POST", headers, body })).status;
  };

  expect(await ask("a1", "ada.in")).toBe(201);
  expect(await ask("a1", "bob.in")).toBe(403);
  expect(await ask("b2", "ada.in")).toBe(401);
  expect(await queueAt(origin, "ada.in").get()).toBe("a");
});

test("two servers in one Worker share no queues", async () => {
  const worker = `
import { durableQueue } from "durable-queue/server";
const shop = durableQueue({ basePath: "/shop" });
const lab = durableQueue({ basePath: "/lab", queueBinding: "LAB_QUEUE", directoryBinding: "LAB_DIRECTORY" });
export class QueueObject extends shop.QueueObject {}
export class DirectoryObject extends shop.DirectoryObject {}
export class LabQueueObject extends lab.QueueObject {}
export class LabDirectoryObject extends lab.DirectoryObject {}
export default {
  async fetch(request, env, ctx) {
    return (await shop.fetch(request, env, ctx)) ?? (await lab.fetch(request, env, ctx)) ?? new Response();
  },
};`;
  const bindings = ["Queue", "Directory"].map((name) => ({
    ...{ name: `LAB_${name.toUpperCase()}`, class_name: `Lab${name}Object` },
  }));
  const [stored] = Object.values(EXPORTS);
  const exports = { ...EXPORTS, LabQueueObject: stored, LabDirectoryObject: stored };
  const origin = await serve({ exports, durable_objects: { bindings } }, worker);
  const [shopQueue, labQueue] = [queueAt(`${origin}/shop`), queueAt(`${origin}/lab`)];

  await shopQueue.put("of the shop");
  await labQueue.put("of the lab");

  expect(await labQueue.get()).toBe("of the lab");
  expect(await shopQueue.get()).toBe("of the shop");
});
