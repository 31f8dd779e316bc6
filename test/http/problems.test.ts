/** What a queue refuses, as an answer over HTTP: a status, a code, the field at fault. */
import { expect, test } from "vitest";
import { call, descriptionOf, freshQueue, put, type Reply, receive } from "../support/call.ts";

async function queueWith(settings: object): Promise<string> {
  const queue = freshQueue();
  await call("PUT", queue, settings);
  await put(queue, ["a"]);
  return queue;
}

const ONE = { messages: [{ body: "b" }] };

type Refusal = [what: string, code: string, status: number, path: string | undefined, call: () => Promise<Reply>];

const REFUSALS: Refusal[] = [
  ["a put into a full queue", "full", 409, undefined, () => putInto({ maxSize: 1 }, ONE)],
  [
    "a put that waits too long",
    "full",
    409,
    undefined,
    () => putInto({ maxSize: 1 }, { ...ONE, timeoutSeconds: 0.05 }),
  ],
  [
    "a batch beyond maxSize",
    "invalid",
    400,
    "messages",
    () => putInto({ maxSize: 1 }, { messages: [ONE, ONE].flatMap(({ messages }) => messages) }),
  ],
  ["another order", "order_conflict", 409, "order", async () => call("PUT", await queueWith({}), { order: "lifo" })],
  [
    "a done too many",
    "done_too_often",
    409,
    "count",
    async () => call("POST", `${await queueWith({})}/done`, { count: 2 }),
  ],
  [
    "a look at nothing",
    "unknown_message",
    404,
    undefined,
    async () => call("GET", `${await queueWith({})}/messages/none`),
  ],
  [
    "a cancel of nothing",
    "unknown_message",
    404,
    undefined,
    async () => call("DELETE", `${await queueWith({})}/messages/none`),
  ],
  ["a put while paused", "paused", 409, undefined, () => putInto({}, ONE, "pause")],
  ["a put after a shutdown", "shut_down", 410, undefined, () => putInto({}, ONE, "shutdown")],
];

async function putInto(settings: object, request: object, operation?: string): Promise<Reply> {
  const queue = await queueWith(settings);
  if (operation !== undefined) await call("POST", `${queue}/${operation}`);
  return call("POST", `${queue}/messages`, request);
}

for (const [what, code, status, path, refused] of REFUSALS) {
  test(`${what} is answered with ${status} ${code}${path === undefined ? "" : ` for ${path}`}`, async () => {
    const { status: found, headers, body } = await refused();

    expect(found).toBe(status);
    expect(headers.get("Content-Type")).toBe("application/problem+json");
    expect(body).toMatchObject({ code, status, title: expect.any(String), detail: expect.any(String) });
    expect(body.errors?.map((error: { path: string }) => error.path)).toEqual(path === undefined ? undefined : [path]);
  });
}

test("a message that was refused is not there", async () => {
  const queue = await queueWith({ maxSize: 1 });

  await call("POST", `${queue}/messages`, { ...ONE, timeoutSeconds: 0.05 });
  await receive(queue);

  expect(await receive(queue)).toEqual([]);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 1 });
});
