/** Names of queues, queries of lists, and paths that do not exist. */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call } from "../support/call.ts";
import { refused } from "../support/http/refused-request.ts";

const MESSAGE = { body: 1 };

for (const name of [
  ...["-a", ".a", "_a", "a b", "a/b", "é", "a\u0000", "a%", "a".repeat(129), "../x", "*"],
  ...["..", ".", "a\n", "%00"],
]) {
  test(`a queue cannot have the name ${JSON.stringify(name.slice(0, 20))}, and no object is made for it`, async () => {
    const before = await listDurableObjectIds(env.QUEUE);
    const path = `/v1/queues/${encodeURIComponent(name)}`;

    const replies = [
      await call("PUT", path, {}),
      await call("GET", path),
      await call("POST", `${path}/messages`, { messages: [MESSAGE] }),
      await call("POST", `${path}/receive`, {}),
    ];

    for (const { status, body } of replies) expect([status, body.code]).toEqual(refusalOfName(name));
    expect(await listDurableObjectIds(env.QUEUE)).toEqual(before);
  });
}

/** "." and ".." never arrive: clients resolve them in URLs, encoded or not. */
function refusalOfName(name: string): [number, string] {
  return name === "." || name === ".." ? [404, "not_found"] : [400, "invalid"];
}

for (const name of ["a", "A9", "a".repeat(128), "a.b_c-d", "7", "constructor", "__proto__".slice(2)]) {
  test(`a queue can have the name ${name.slice(0, 20)}`, async () => {
    const reply = await call("PUT", `/v1/queues/${name}`, {});

    expect(reply.body).toMatchObject({ name });
  });
}

for (const [query, path] of [
  ["limit=0", "limit"],
  ["limit=1001", "limit"],
  ["limit=many", "limit"],
  ["limit=1.5", "limit"],
  ["page=2", "page"],
  [`prefix=${"a".repeat(129)}`, "prefix"],
  [`cursor=${"a".repeat(129)}`, "cursor"],
] as const) {
  test(`a list of queues with ${query.slice(0, 20)} is refused`, async () => {
    const reply = await call("GET", `/v1/queues?${query}`);

    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: "invalid", errors: [{ path }] });
  });
}

for (const [query, path] of [
  ["state=done", "state"],
  ["limit=0", "limit"],
  ["limit=1001", "limit"],
  ["order=lifo", "order"],
  [`cursor=${"a".repeat(129)}`, "cursor"],
] as const) {
  test(`a list of messages with ${query.slice(0, 20)} is refused`, async () => {
    const reply = await refused(`/messages?${query}`, undefined, "GET");

    expect(reply.status).toBe(400);
    expect(reply.body).toMatchObject({ code: "invalid", errors: [{ path }] });
  });
}

for (const [method, path] of [
  ["GET", "/"],
  ["GET", "/v1"],
  ["GET", "/v2/queues"],
  ["PATCH", "/v1/queues/q"],
  ["POST", "/v1/queues/q"],
  ["DELETE", "/v1/queues/q/messages"],
  ["POST", "/v1/queues/q/nothing"],
  ["POST", "/v1/queues/q/messages/x"],
] as const) {
  test(`there is no ${method} ${path}`, async () => {
    const reply = await call(method, path);

    expect([reply.status, reply.body.code]).toEqual([404, "not_found"]);
    expect(reply.body.detail).toContain(`${method} ${path}`);
  });
}
