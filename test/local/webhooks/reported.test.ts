/** What users of other senders of webhooks have reported, each tried here. */
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Queue } from "../../../worker-client/src/index.ts";
import { verifyWebhook } from "../../../worker-client/webhooks/index.ts";
import { freshName, TestServer } from "../../support/server.ts";
import { Receiver } from "../../support/webhooks/receiver.ts";

const SECRET = `whsec_${randomBytes(32).toString("base64")}`;
const JSON_TYPE = { "content-type": "application/json" };

/** Its queues have a clock that tests move. */
const server = new TestServer({ isMovable: true, allowPrivateWebhooks: true });
const receivers: Receiver[] = [];
beforeAll(() => server.start());
afterEach(async () => {
  for (const receiver of receivers.splice(0)) await receiver.stop();
});
afterAll(() => server.remove());

async function pushed(
  push: object = {},
  settings: object = {},
): Promise<{ queue: Queue<unknown>; receiver: Receiver }> {
  const receiver = await Receiver.start();
  receivers.push(receiver);
  const queue = server.manager().queue<unknown>(freshName());
  await queue.configure({ retryDelaySeconds: 0, ...settings, push: { url: receiver.url, secret: SECRET, ...push } });
  return { queue, receiver };
}

test("a retry hours later is signed anew, so that it is no replay", async () => {
  const { queue, receiver } = await pushed({}, { retryDelaySeconds: 7_200, retryDelayMaxSeconds: 7_200 });
  receiver.answers.push(500);
  await queue.put("a");
  await expect.poll(() => queue.describe()).toMatchObject({ delayed: 1 });
  await server.pass(7_200, queue.name);
  await expect.poll(() => queue.describe()).toMatchObject({ done: 1 });
  const [first, second] = receiver.sent.map(({ headers }) => headers);
  const elapsed = Number(second?.["webhook-timestamp"]) - Number(first?.["webhook-timestamp"]);

  expect(elapsed).toBeGreaterThan(3_600);
  expect(second?.["webhook-id"]).toBe(first?.["webhook-id"]);
  for (const { headers, text } of receiver.sent) {
    await verifyWebhook(SECRET, headers, text, { now: Number(headers["webhook-timestamp"]) * 1_000 });
  }
});

test("a receiver that hangs holds up no other queue", async () => {
  const hanging = await pushed({ concurrency: 100, timeoutSeconds: 900 });
  hanging.receiver.answer = () => undefined;
  await hanging.queue.putMany(Array.from({ length: 100 }, (_, index) => index));
  await expect.poll(() => hanging.receiver.underWay).toBe(100);
  const { queue, receiver } = await pushed();
  await queue.put("a");
  await expect.poll(() => queue.describe()).toMatchObject({ done: 1 });

  expect(receiver.bodies).toEqual(["a"]);
  expect(await hanging.queue.describe()).toMatchObject({ leased: 100, push: { inFlight: 100 } });
});

test("a pause stops requests, and what is purged is not sent after an outage", async () => {
  const { queue, receiver } = await pushed();
  await queue.pause({ only: "receives" });
  await queue.put("paused");
  expect(receiver.sent).toEqual([]);
  receiver.answers.push(503);
  await queue.resume();
  await expect.poll(() => queue.describe()).toMatchObject({ push: { state: "waiting" } });
  await queue.purge();
  await server.pass(600, queue.name);
  await queue.put("new");
  await expect.poll(() => queue.describe()).toMatchObject({ done: 1 });

  expect(receiver.bodies).toEqual(["paused", "new"]);
});

test("a queue that is deleted in an outage sends nothing more, and a new one of its name has no webhook", async () => {
  const { queue, receiver } = await pushed();
  receiver.answer = 503;
  await queue.put("a");
  await expect.poll(() => queue.describe()).toMatchObject({ push: { state: "waiting" } });
  await queue.delete();
  const { length } = receiver.sent;
  receiver.answer = 204;
  await queue.put("b");
  await server.pass(600, queue.name);

  expect(await queue.describe()).toMatchObject({ visible: 1, push: null });
  expect(receiver.sent).toHaveLength(length);
});

test("a webhook that is taken away in the middle of a request settles what it was sent", async () => {
  const { queue, receiver } = await pushed();
  let answer: () => void = () => undefined;
  receiver.answer = (response) => {
    answer = () => response.writeHead(204).end();
  };
  await queue.put("a");
  await expect.poll(() => receiver.underWay).toBe(1);
  await queue.configure({ push: null });
  await queue.put("b");
  answer();
  await expect.poll(() => queue.describe()).toMatchObject({ done: 1, visible: 1, push: null });

  expect(receiver.bodies).toEqual(["a"]);
});

test("messages of a group arrive one by one in their order, also when one fails", async () => {
  const { queue, receiver } = await pushed({ concurrency: 10 });
  receiver.answers.push(500, 500);
  await queue.putMany([1, 2, 3, 4], { group: "user-7" });
  await expect.poll(() => queue.describe()).toMatchObject({ done: 4 });

  expect(receiver.bodies).toEqual([1, 1, 1, 2, 3, 4]);
  expect(receiver.most).toBe(1);
});

test("an answer that is packed to a thousandth acks, and is not unpacked beyond the bound", async () => {
  const { queue, receiver } = await pushed();
  const packed = gzipSync(Buffer.alloc(50_000_000, " "));
  receiver.answer = (response) => response.writeHead(200, { ...JSON_TYPE, "content-encoding": "gzip" }).end(packed);
  await queue.put("a");
  await expect.poll(() => queue.describe()).toMatchObject({ done: 1 });
});

test("an answer with a byte order mark is understood", async () => {
  const { queue, receiver } = await pushed();
  receiver.answers.push((response, { batch }) => {
    const [message] = batch.messages;
    response.writeHead(200, JSON_TYPE).end(`\uFEFF${JSON.stringify({ reject: [{ id: message?.id, error: "no" }] })}`);
  });
  await queue.put("a");
  await expect.poll(() => queue.describe()).toMatchObject({ dead: 1, done: 0 });
});

test("the largest message arrives, and any characters arrive as they were put", async () => {
  const { queue, receiver } = await pushed({ concurrency: 1 });
  const bodies = ["x".repeat(1_048_574), "π 你好 🎉 \u0000 \u2028 </script> \\", { "": [null, -0.5e-7] }];
  for (const body of bodies) await queue.put(body);
  await expect.poll(() => queue.describe()).toMatchObject({ done: 3 });

  expect(receiver.bodies).toEqual(bodies);
  for (const { headers, text } of receiver.sent) await verifyWebhook(SECRET, headers, text);
});

test("a receiver that acts, and whose answer is lost, can tell that it has had the message", async () => {
  const { queue, receiver } = await pushed();
  const handled = new Set<unknown>();
  let twice = 0;
  receiver.answer = (response, { headers }) => {
    const isNew = !handled.has(headers["webhook-id"]);
    handled.add(headers["webhook-id"]);
    if (!isNew) twice += 1;
    if (isNew) response.destroy();
    else response.writeHead(204).end();
  };
  await queue.put("a");
  await expect
    .poll(async () => {
      await server.pass(5, queue.name);
      return (await queue.describe()).done;
    })
    .toBe(1);

  expect([handled.size, twice]).toEqual([1, 1]);
});
