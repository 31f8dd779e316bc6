import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { AUTHKEY, AUTHORIZATION, call, descriptionOf, freshQueue, put, serve } from "../support/call.ts";

const VERBS = [
  ...["messages", "receive", "ack", "retry", "extend", "done", "join", "purge"],
  ...["messages/id", "redrive", "shutdown", "pause", "resume"],
];
const METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];

function routesOf(queue: string): string[] {
  return ["/v1/queues", queue, ...VERBS.map((verb) => `${queue}/${verb}`)];
}

/** What each of these requests would do, were it let pass. */
const BODY = JSON.stringify({ messages: [{ body: "intruder" }] });

async function strangersStatuses(paths: string[], headers: Record<string, string>): Promise<string[]> {
  const statuses: string[] = [];
  for (const path of paths) {
    for (const method of METHODS) {
      const reply = await call(method, path, method === "GET" ? undefined : BODY, headers);
      statuses.push(`${reply.status} ${reply.body.code} ${reply.headers.get("WWW-Authenticate")}`);
    }
  }
  return statuses;
}

const REFUSED = '401 unauthorized Bearer realm="durable-queue"';

for (const [title, headers] of [
  ["no authkey", {}],
  ["a wrong authkey", { Authorization: "Bearer the-authkey-of-another-server" }],
  ["the beginning of the authkey", { Authorization: `Bearer ${AUTHKEY.slice(0, -1)}` }],
  ["more than the authkey", { Authorization: `Bearer ${AUTHKEY}x` }],
  ["the authkey in other letters", { Authorization: `Bearer ${AUTHKEY.toUpperCase()}` }],
  ["another scheme", { Authorization: `Basic ${btoa(`user:${AUTHKEY}`)}` }],
  ["no scheme", { Authorization: AUTHKEY }],
  ["nothing after the scheme", { Authorization: "Bearer " }],
  ["an empty header", { Authorization: "" }],
  ["the authkey in another header", { "X-Authkey": AUTHKEY, Cookie: `authkey=${AUTHKEY}` }],
] as const) {
  test(`a request with ${title} is refused, whatever it asks for, and touches no queue`, async () => {
    const [existing, unknown] = [freshQueue(), freshQueue()];
    await put(existing, ["a"]);
    const before = {
      counts: { ...(await descriptionOf(existing)), oldestSeconds: 0 },
      list: await call("GET", "/v1/queues"),
      objects: await listDurableObjectIds(env.QUEUE),
    };

    const paths = [...routesOf(existing), ...routesOf(unknown), "/", "/v2", "/v1/queues/bad%20name", "/healthz/x"];
    const statuses = await strangersStatuses(paths, headers);

    expect(statuses).toEqual(Array(paths.length * METHODS.length).fill(REFUSED));
    expect({ ...(await descriptionOf(existing)), oldestSeconds: 0 }).toEqual(before.counts);
    expect((await call("GET", "/v1/queues")).body).toEqual(before.list.body);
    expect(await listDurableObjectIds(env.QUEUE)).toEqual(before.objects);
  });
}

test("a refusal does not contain the authkey", async () => {
  const reply = await call("GET", "/v1/queues", undefined, { Authorization: "Bearer guess" });

  expect(reply.headers.get("Content-Type")).toBe("application/problem+json");
  expect(JSON.stringify([reply.body, ...reply.headers])).not.toMatch(/the-authkey|guess/);
});

test("the scheme may be written in upper or lower case, as in HTTP", async () => {
  const replies = await Promise.all(
    ["bearer", "BEARER", "Bearer "].map((scheme) =>
      call("GET", "/v1/queues", undefined, { Authorization: `${scheme} ${AUTHKEY}` }),
    ),
  );

  expect(replies.map(({ status }) => status)).toEqual([200, 200, 200]);
});

test("healthz needs no authkey", async () => {
  const reply = await call("GET", "/healthz", undefined, {});

  expect(reply.status).toBe(200);
  expect(reply.body).toEqual({ status: "ok" });
});

for (const [title, authkey] of [
  ["no authkey", undefined],
  ["an empty authkey", ""],
] as const) {
  test(`a server with ${title} refuses every request`, async () => {
    const { AUTHKEY: _, ...others } = env;
    const unprotected = authkey === undefined ? others : { ...others, AUTHKEY: authkey };
    const requests = ["/v1/queues", "/v1/queues/q", "/", "/v1/queues/q/messages"].flatMap((path) =>
      [AUTHORIZATION, { Authorization: "Bearer " }, { Authorization: "Bearer undefined" }, {}].map(
        (headers) => new Request(`http://queue.test${path}`, { headers }),
      ),
    );

    const responses = await Promise.all(requests.map((request) => serve(request, unprotected)));
    const problems = await Promise.all(responses.map((response) => response.json<{ code: string; detail: string }>()));
    const health = await serve(new Request("http://queue.test/healthz"), unprotected);

    expect(responses.map(({ status }) => status)).toEqual(Array(requests.length).fill(503));
    expect(new Set(problems.map(({ code, detail }) => `${code}: ${detail}`))).toEqual(
      new Set([
        "no_authkey: Neither AUTHKEY nor AUTHKEYS is set; all requests are refused until one is. Set it with wrangler secret put, or in .dev.vars.",
      ]),
    );
    expect(responses.map(({ headers }) => headers.get("Retry-After"))).toEqual(Array(requests.length).fill(null));
    expect([health.status, (await health.json<{ code: string }>()).code]).toEqual([503, "no_authkey"]);
  });
}

test("a server whose storage bound is mistyped refuses everything, and names variable, value and rule", async () => {
  const mistyped = { ...env, STORAGE_BYTES_MAX: "9GB" };
  const ask = async (path: string, init?: RequestInit) => {
    const response = await serve(new Request(`http://queue.test${path}`, init), mistyped);
    const { code, detail } = await response.json<{ code: string; detail: string }>();
    return { status: response.status, code, detail, retryAfter: response.headers.get("Retry-After") };
  };
  const detail = 'STORAGE_BYTES_MAX is "9GB": it must be a whole number of bytes, at least 1, in digits only.';
  const misconfigured = { status: 503, code: "misconfigured", detail, retryAfter: null };

  for (const path of ["/v1/queues", "/v1/queues/q", "/v1/queues/q/socket", "/nothing"]) {
    expect(await ask(path, { headers: AUTHORIZATION })).toEqual(misconfigured);
  }
  expect(await ask("/healthz")).toEqual(misconfigured);
  expect(await ask("/v1/queues")).toMatchObject({ status: 401 });
});

for (const [title, method, path, headers, status] of [
  ["a success", "GET", "/v1/queues", AUTHORIZATION, 200],
  ["the health", "GET", "/healthz", {}, 200],
  ["an unknown queue", "GET", "/v1/queues/unknown", AUTHORIZATION, 404],
  ["an unknown path", "GET", "/v1/nothing", AUTHORIZATION, 404],
  ["an invalid request", "GET", "/v1/queues?limit=0", AUTHORIZATION, 400],
  ["a refusal", "GET", "/v1/queues", {}, 401],
] as const) {
  test(`the response for ${title} is neither cached nor sniffed`, async () => {
    const reply = await call(method, path, undefined, headers);

    expect(reply.status).toBe(status);
    expect(reply.headers.get("Cache-Control")).toBe("no-store");
    expect(reply.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(reply.headers.get("Content-Type")).toMatch(
      status === 200 ? /^application\/json/ : /^application\/problem\+json$/,
    );
  });
}
