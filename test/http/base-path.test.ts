/** A server that is a part of a Worker: it answers below its base path, and nothing else. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { durableQueue } from "../../src/server.ts";
import { QueueManager } from "../../worker-client/src/index.ts";
import { AUTHKEY, AUTHORIZATION, freshQueue, nameOf } from "../support/call.ts";

const queues = durableQueue<typeof env>({ basePath: "/internal/queues" });

function ask(path: string, headers: Record<string, string> = AUTHORIZATION): Promise<Response | null> {
  return queues.fetch(new Request(`http://queue.test${path}`, { headers }), env, createExecutionContext());
}

test("a path that is not below the base path is not answered, with a key or without one", async () => {
  for (const path of ["/", "/healthz", "/v1/queues", "/internal", "/internal/queuesque", "/internal/queue/healthz"]) {
    expect(await ask(path)).toBeNull();
    expect(await ask(path, {})).toBeNull();
  }
});

test("a path below the base path is answered, also if it is no endpoint, which is named in full", async () => {
  expect((await ask("/internal/queues/healthz", {}))?.status).toBe(200);
  expect((await ask("/internal/queues/v1/queues"))?.status).toBe(200);
  expect((await ask("/internal/queues/v1/queues", {}))?.status).toBe(401);
  for (const path of ["/internal/queues", "/internal/queues/", "/internal/queues/v1/nothing"]) {
    const response = await ask(path);
    expect(response?.status).toBe(404);
    const shown = path === "/internal/queues" ? `${path}/` : path;
    expect(await response?.json()).toMatchObject({ code: "not_found", detail: `There is no endpoint GET ${shown}.` });
  }
});

test("clients are given the base path as a part of the address", async () => {
  const binding: typeof fetch = async (input, init) => {
    const response = await queues.fetch(new Request(input, init), env, createExecutionContext());
    return response ?? new Response(null, { status: 404 });
  };
  const manager = new QueueManager({
    ...{ address: "https://queue.test/internal/queues", authkey: AUTHKEY, fetch: binding },
  });
  const queue = manager.queue(nameOf(freshQueue()));

  await queue.put("a");

  expect(await queue.get()).toBe("a");
});

test.each(["queues", "/queues/", "/", "/a//b", "/a b", "/a?b", "/caf%C3%A9"])(
  "a base path %j is refused",
  (basePath) => {
    expect(() => durableQueue({ basePath })).toThrow(
      new TypeError(
        `basePath is ${JSON.stringify(basePath)}, but must be as "/queues": begin with /, not end with it, and have only A-Z a-z 0-9 . _ ~ - between. Leave it out if all paths are the server's.`,
      ),
    );
  },
);
