/** A server pushes the messages of a queue to a receiver on this machine. */
import { randomBytes } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { startServer, type TestServer } from "../../../worker-client/testing/index.ts";
import { verifyWebhook } from "../../../worker-client/webhooks/index.ts";
import { freshName } from "../../support/server.ts";
import { Receiver } from "../../support/webhooks/receiver.ts";

const SECRET = `whsec_${randomBytes(32).toString("base64")}`;

let server: TestServer;
let receiver: Receiver;
const receivers: Receiver[] = [];
beforeAll(async () => {
  server = await startServer();
});
afterEach(async () => {
  for (const each of receivers.splice(0)) await each.stop();
});
afterAll(() => server.stop());

/** A queue with a receiver of its own. */
async function pushed(options: object = {}, settings: object = {}): Promise<Queue<unknown>> {
  receiver = await Receiver.start();
  receivers.push(receiver);
  const queue = server.manager().queue<unknown>(freshName());
  await queue.configure({
    ...{ retryDelaySeconds: 0, ...settings },
    push: { url: receiver.url, secret: SECRET, ...options },
  });
  return queue;
}

async function deadOf(queue: Queue<unknown>): Promise<unknown[]> {
  const dead = [];
  for await (const message of queue.messages({ state: "dead" })) dead.push(message);
  return dead;
}

test("each message is sent signed, and is done when the receiver has answered", async () => {
  const queue = await pushed();
  await queue.put({ to: "a" }, { headers: { trace: "1" }, priority: 7 });
  await queue.join();
  const [sent] = receiver.sent;
  const { messages } = await verifyWebhook(SECRET, sent?.headers ?? {}, sent?.text ?? "");

  expect(messages).toEqual([
    {
      ...{ id: expect.any(String), attempt: 1, body: { to: "a" }, priority: 7, headers: { trace: "1" } },
      ...{ putAt: expect.any(Number), leaseEndsAt: expect.any(Number) },
    },
  ]);
  expect(sent?.headers["webhook-id"]).toBe(messages[0]?.id);
  expect(await queue.describe()).toMatchObject({ done: 1, leased: 0 });
});

test("JSON and bytes arrive as they were put", async () => {
  const queue = await pushed();
  await fetch(`${server.address}/v1/queues/${queue.name}/messages`, {
    method: "POST",
    headers: { Authorization: `Bearer ${server.authkey}` },
    body: '{"messages":[{"body":{"receipt":"mine"}},{"bytes":"AAEC"}]}',
  });
  await queue.join();

  expect(receiver.sent.map(({ text }) => /"(body|bytes)":[^,]*/.exec(text)?.[0])).toEqual([
    '"body":{"receipt":"mine"}',
    '"bytes":"AAEC"',
  ]);
});

test("batches are of the size that is configured, and no more requests are under way than that", async () => {
  const queue = await pushed({ batchSize: 10, concurrency: 3 });
  receiver.answer = (response) => setTimeout(() => response.writeHead(204).end(), 20);
  await queue.putMany(Array.from({ length: 200 }, (_, index) => index));
  await queue.join();

  expect(receiver.bodies.sort((a, b) => Number(a) - Number(b))).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(Math.max(...receiver.sent.map(({ batch }) => batch.messages.length))).toBe(10);
  expect(receiver.most).toBeLessThanOrEqual(3);
});

test("the answer retries and rejects single messages", async () => {
  const queue = await pushed({ batchSize: 10 });
  await queue.pause({ only: "receives" });
  await queue.putMany(["fine", "retried", "wrong"]);
  receiver.answers.push((response, { batch }) => {
    const [, retried, wrong] = batch.messages;
    const body = { retry: [{ id: retried?.id }], reject: [{ id: wrong?.id, error: "no such user" }] };
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  await queue.resume();
  await expect.poll(() => queue.describe()).toMatchObject({ done: 2, dead: 1 });

  expect(receiver.bodies).toEqual(["fine", "retried", "wrong", "retried"]);
  expect(await deadOf(queue)).toMatchObject([{ item: "wrong", lastError: expect.stringContaining("no such user") }]);
});

test("a message whose receiver failed is sent again with the same id, and counts the attempt", async () => {
  const queue = await pushed();
  receiver.answers.push(500, 400);
  await queue.put("a");
  await queue.join();

  expect(receiver.sent.map(({ batch }) => batch.messages[0]?.attempt)).toEqual([1, 2, 3]);
  expect(new Set(receiver.sent.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
});

test("a message that always fails is dead after its attempts, with what the receiver answered", async () => {
  const queue = await pushed({}, { maxAttempts: 3 });
  receiver.answer = 500;
  await queue.put("a");
  await expect.poll(() => queue.describe()).toMatchObject({ dead: 1 });
  const [dead] = await deadOf(queue);

  expect(receiver.sent).toHaveLength(3);
  expect(dead).toMatchObject({
    attempts: 3,
    lastError: expect.stringMatching(/^.*127\.0\.0\.1:\d+ has answered 500\.$/),
  });
});

test("410 stops the webhook, over a crash too, until it is configured again", async () => {
  const queue = await pushed();
  receiver.answer = 410;
  await queue.put("a");
  await expect.poll(() => queue.describe()).toMatchObject({ push: { state: "stopped" } });
  const stopped = await queue.describe();
  await server.crash();
  await queue.put("b");
  const after = await queue.describe();
  receiver.answer = 204;

  expect(receiver.sent).toHaveLength(1);
  expect(stopped.push?.detail).toMatch(/ has answered 410, which ends the webhook\. Nothing is sent until/);
  expect(after).toMatchObject({ visible: 2, push: { state: "stopped", detail: stopped.push?.detail } });
  expect((await queue.configure({ push: {} })).push).toMatchObject({ state: "running" });
  await queue.join();
  expect(receiver.bodies).toEqual(["a", "a", "b"]);
  // No attempt was counted for the delivery that was turned away.
  expect(receiver.sent.map(({ batch }) => batch.messages[0]?.attempt)).toEqual([1, 1, 1]);
});

test("a redirect to another address is not followed", async () => {
  const queue = await pushed();
  const other = await Receiver.start();
  receivers.push(other);
  receiver.answers.push({ status: 307, headers: { location: other.url } });
  await queue.put("a");
  await queue.join();

  expect(other.sent).toEqual([]);
  expect(receiver.bodies).toEqual(["a", "a"]);
});

test("a receiver that dies in the middle of its answer is sent the message again", async () => {
  const queue = await pushed();
  receiver.answers.push((response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
    response.write('{"retry":', () => response.destroy());
  });
  await queue.put("a");
  await queue.join();

  expect(receiver.bodies).toEqual(["a", "a"]);
});

test("a receiver that never answers is given up, and its connections are not kept", async () => {
  const queue = await pushed({ timeoutSeconds: 1 });
  receiver.answers.push(
    () => undefined,
    (response) => response.writeHead(200, { "content-type": "application/json" }).write("{"),
  );
  await queue.put("a");
  await queue.join();

  expect(receiver.bodies).toEqual(["a", "a", "a"]);
  await expect.poll(() => receiver.underWay).toBe(0);
});

test("answers of any type and size ack, and connections are used again", async () => {
  const queue = await pushed({ concurrency: 1 });
  receiver.answer = { status: 200, headers: { "content-type": "text/html" }, body: "x".repeat(100_000) };
  await queue.putMany(Array.from({ length: 30 }, (_, index) => index));
  await queue.join();

  expect(receiver.bodies).toHaveLength(30);
  expect(receiver.connections).toBeLessThan(5);
});
