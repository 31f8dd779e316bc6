/** What a queue takes of its storage follows from what it holds, not from what it has done. */
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { ack, call, descriptionOf, freshQueue, numbers, objectOf, put, receiptsOf, receive } from "../support/call.ts";
import { connect } from "../support/sockets/object-socket.ts";

const BODY = "x".repeat(1_000);

function bodies(count: number): string[] {
  return numbers(count).map(() => BODY);
}

/** Puts and acks a thousand messages of 1,000 characters. */
async function putAndAck(queue: string): Promise<void> {
  await put(queue, bodies(1_000));
  await ack(queue, await receive(queue, { max: 1_000 }));
}

test("messages that are retried again and again take no more room than at first", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxAttempts: 0 });
  await put(queue, bodies(300));
  const retry = async () => {
    const messages = await receive(queue, { max: 300 });
    await call("POST", `${queue}/retry`, { receipts: receiptsOf(messages), delaySeconds: 0, error: "no luck" });
    return messages.length;
  };
  for (let time = 0; time < 3; time += 1) await retry();
  const before = await descriptionOf(queue);

  for (let time = 0; time < 15; time += 1) expect(await retry()).toBe(300);

  expect((await descriptionOf(queue)).storageBytes).toBeLessThanOrEqual(before.storageBytes * 1.1);
});

test("messages that are done take no room, however many they were", async () => {
  const queue = freshQueue();
  for (let time = 0; time < 3; time += 1) await putAndAck(queue);
  const before = await descriptionOf(queue);

  for (let time = 0; time < 6; time += 1) await putAndAck(queue);

  expect((await descriptionOf(queue)).storageBytes).toBeLessThanOrEqual(before.storageBytes * 1.5);
});

test("a connection that was pushed ten thousand messages and closes leaves them leased, and the queue goes on", async () => {
  const queue = freshQueue();
  for (let batch = 0; batch < 10; batch += 1) await put(queue, numbers(1_000));
  const socket = await connect(queue);
  socket.say({ id: 1, verb: "subscribe", request: { credit: 10_000, leaseSeconds: 600 } });
  for (let pushed = 0; pushed < 10_000; ) pushed += (await socket.next()).push?.length ?? 0;

  socket.end();
  await evictDurableObject(objectOf(queue), { webSockets: "close" });

  expect(await descriptionOf(queue)).toMatchObject({ leased: 10_000, visible: 0, accepted: 10_000 });
  await put(queue, ["next"]);
  expect(await receive(queue)).toMatchObject([{ body: "next" }]);
});
