/** A call for an unknown name costs no object, and so no database and no memory. */
import { listDurableObjectIds } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { OWNER } from "../../src/api/keys/principal.ts";
import { directoryOf } from "../../src/env.ts";
import { AUTHORIZATION, bodiesOf, call, freshQueue, objectOf, put, receive, serve } from "../support/call.ts";
import { interceptStatements } from "../support/storage.ts";

type Ask = [method: string, path: string, body?: unknown];

const UNKNOWN: Ask[] = [
  ["GET", ""],
  ["DELETE", ""],
  ["GET", "/messages"],
  ["GET", "/messages/x-1-0"],
  ["DELETE", "/messages/x-1-0"],
  ["POST", "/ack", { receipts: ["x"] }],
  ["POST", "/retry", { receipts: ["x"] }],
  ["POST", "/extend", { receipts: ["x"], leaseSeconds: 10 }],
  ["POST", "/done"],
  ["POST", "/join", { timeoutSeconds: 20 }],
  ["POST", "/redrive"],
  ["POST", "/purge"],
];

/** Counts what is asked of the directory from here on. */
async function countFinds(): Promise<() => number> {
  let finds = 0;
  await interceptStatements(directoryOf(env), {
    before: (statement) => {
      if (statement.startsWith("SELECT generation")) finds += 1;
    },
  });
  return () => finds;
}

test("a call that creates no queue is answered without creating an object", async () => {
  const before = await listDurableObjectIds(env.QUEUE);

  const replies = [];
  for (const [method, path, body] of UNKNOWN) replies.push(await call(method, `${freshQueue()}${path}`, body));
  const received = await call("POST", `${freshQueue()}/receive`, { max: 10 });

  expect(replies.map(({ status, body }) => `${status} ${body.code}`)).toEqual(UNKNOWN.map(() => "404 unknown_queue"));
  expect(replies[0]?.body.detail).toBe(
    "The queue does not exist: it has not been put to or configured, or it was deleted. A put or a configuration creates it.",
  );
  expect([received.status, received.body]).toEqual([200, { messages: [] }]);
  expect(await listDurableObjectIds(env.QUEUE)).toEqual(before);
});

test("a call that breaks a rule is refused before the directory is asked for its name", async () => {
  const reply = await call("POST", `${freshQueue()}/ack`, { receipts: [] });

  expect(reply.body.code).toBe("invalid");
});

test("a receive that waits, and a put, reach the object", async () => {
  const queue = freshQueue();

  const waiting = receive(queue, { timeoutSeconds: 20 });
  await put(queue, ["a"]);

  expect(bodiesOf(await waiting)).toEqual(["a"]);
});

test("the directory is not asked again for a queue that exists, but for one that was deleted", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const finds = await countFinds();

  for (let times = 0; times < 5; times += 1) await call("GET", queue);
  expect(bodiesOf(await receive(queue))).toEqual(["a"]);
  await call("DELETE", queue);
  expect(finds()).toBe(0);

  const replies = [await call("GET", queue), await call("GET", queue)];
  expect(replies.map(({ body }) => body.code)).toEqual(["unknown_queue", "unknown_queue"]);
  expect(finds()).toBe(2);
});

test("a queue that another Worker deleted is unknown to a Worker that knew it", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  await objectOf(queue).ask("delete", {}, { principal: OWNER });

  const replies = [await call("GET", queue), await call("GET", queue)];

  expect(replies.map(({ body }) => body.code)).toEqual(["unknown_queue", "unknown_queue"]);
});

test("a HEAD on a socket's path is refused, with an upgrade too, and HEAD is no fault of the server elsewhere", async () => {
  const upgrade = { Upgrade: "websocket", "Sec-WebSocket-Protocol": "durable-queue.v2" };
  const statuses = [];
  for (const [path, headers] of [
    ["/v1/queues/q/socket", upgrade],
    ["/v1/queues/q/socket", {}],
    ["/v1/queues/q/messages", {}],
    ["/v1/queues/q", {}],
    ["/v1/queues", {}],
    ["/healthz", {}],
    ["/nothing", {}],
  ] as const) {
    const request = new Request(`http://queue.test${path}`, {
      method: "HEAD",
      headers: { ...AUTHORIZATION, ...headers },
    });
    statuses.push((await serve(request)).status);
  }

  expect(statuses).toEqual([426, 426, 404, 404, 200, 200, 404]);
});
