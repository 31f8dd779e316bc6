/** A server as a part of an application of Hono. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { secureHeaders } from "hono/secure-headers";
import { expect, test } from "vitest";
import { queuesMiddleware } from "../../src/hono.ts";
import { durableQueue } from "../../src/server.ts";
import { QueueManager } from "../../worker-client/src/index.ts";
import { AUTHKEY, AUTHORIZATION, freshQueue, nameOf } from "../support/call.ts";

interface App {
  Bindings: typeof env;
}

function middleware(basePath?: string) {
  return queuesMiddleware(durableQueue<typeof env>({ basePath }));
}

function ask(app: Hono<App>, path: string, init: RequestInit = { headers: AUTHORIZATION }): Promise<Response> {
  return Promise.resolve(app.request(`https://shop.test${path}`, init, env, createExecutionContext()));
}

/** Puts and gets by the client, at this base path. */
async function carry(app: Hono<App>, basePath: string): Promise<unknown> {
  const binding: typeof fetch = async (input, init) =>
    app.request(input as string, init, env, createExecutionContext());
  const manager = new QueueManager({ address: `https://shop.test${basePath}`, authkey: AUTHKEY, fetch: binding });
  const queue = manager.queue(nameOf(freshQueue()));
  await queue.put({ to: "ada" });
  return queue.get();
}

const subApp = () => new Hono<App>().use("/queues/*", middleware("/api/queues"));

test.each<[string, Hono<App>, string]>([
  ["a path of its own", new Hono<App>().use("/queues/*", middleware("/queues")), "/queues"],
  ["all paths", new Hono<App>().use("*", middleware("/queues")), "/queues"],
  ["no base path", new Hono<App>().get("/about", (c) => c.text("shop")).use(middleware()), ""],
  [
    "an application with a base path",
    new Hono<App>().basePath("/api").use("/queues/*", middleware("/api/queues")),
    "/api/queues",
  ],
  ["an application under a path of another one", new Hono<App>().route("/api", subApp()), "/api/queues"],
])("serves queues with %s, and leaves the rest to the application", async (_, app, basePath) => {
  expect(await carry(app, basePath)).toEqual({ to: "ada" });
  expect((await ask(app, `${basePath}/healthz`, {})).status).toBe(200);
  expect((await ask(app, `${basePath}/v1/queues`, {})).status).toBe(401);
  if (basePath !== "") expect(await (await ask(app, `${basePath}que`)).text()).toBe("404 Not Found");
});

test("middlewares before it run, and may change the headers of its answers", async () => {
  const app = new Hono<App>();
  app.use("*", cors(), secureHeaders());
  app.use("/queues/*", middleware("/queues"));

  const response = await ask(app, "/queues/v1/queues");
  const preflight = await ask(app, "/queues/v1/queues", { method: "OPTIONS", headers: { Origin: "https://a.test" } });

  expect(response.status).toBe(200);
  expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(response.headers.get("Content-Type")).toBe("application/json");
  expect(preflight.status).toBe(204);
});

test("opens sockets, also behind middlewares that change headers", async () => {
  const upgrade = { ...AUTHORIZATION, Upgrade: "websocket", "Sec-WebSocket-Protocol": "durable-queue.v2" };
  const app = new Hono<App>().use("*", cors()).use("/queues/*", middleware("/queues"));

  const { status, webSocket } = await ask(app, `/queues${freshQueue()}/socket`, { headers: upgrade });

  expect(status).toBe(101);
  webSocket?.accept();
  webSocket?.close();
});

test("an error of the application is its own, and one of the server is a problem", async () => {
  const app = new Hono<App>().use("*", middleware("/queues"));
  app.get("/broken", () => {
    throw new Error("broken");
  });
  app.onError((error, c) => c.text(`caught ${error.message}`, 500));

  expect(await (await ask(app, "/broken")).text()).toBe("caught broken");
  expect(await (await ask(app, "/queues/v1/nothing")).json()).toMatchObject({ code: "not_found" });
});

test("a test that calls the application without an execution context needs Durable Object bindings alone", async () => {
  const app = new Hono<App>().use("/queues/*", middleware("/queues"));

  const response = await app.request("/queues/v1/queues", { headers: AUTHORIZATION }, env);

  expect(response.status).toBe(200);
});
