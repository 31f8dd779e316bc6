import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RawSocket } from "../support/raw-socket.ts";
import { freshName, TestServer } from "../support/server.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

/** An object that nobody uses leaves memory ten seconds after it was used last. */
const HIBERNATION_MS = 12_000;

test("a queue with only waiting connections leaves memory, and a put wakes it and reaches them in order", async () => {
  const queue = freshName();
  const sockets = await Promise.all(Array.from({ length: 3 }, () => RawSocket.open(server.address, queue)));
  const [first, second, subscriber] = sockets as [RawSocket, RawSocket, RawSocket];
  await first.ask("put", {}, ["unfinished"]);
  const { reply } = await first.ask("receive");
  await first.ask("extend", { receipts: [reply.messages[0].receipt], leaseSeconds: 3_600 });
  // What only waits in memory is asked for again: that it was forgotten tells that the object has hibernated.
  const join = second.begin("join", { wait: true });
  const receive = first.begin("receive", { wait: true });
  await first.ask("describe");
  const later = second.begin("receive", { wait: true, max: 5 });
  await second.ask("describe");
  await subscriber.ask("subscribe", { credit: 2 });

  await sleep(HIBERNATION_MS);
  const putter = server.manager({ transport: "http" }).queue<number>(queue);
  await putter.putMany([1, 2, 3]);

  expect(await second.next((line) => line.resend)).toEqual({ resend: [join] });
  expect(await first.next((line) => line.id === receive)).toMatchObject({ reply: { messages: [{ body: 1 }] } });
  expect(await second.next((line) => line.id === later)).toMatchObject({
    reply: { messages: [{ body: 2 }, { body: 3 }] },
  });
  await putter.putMany([4, 5, 6]);
  expect((await subscriber.next((line) => line.push)).push).toMatchObject([{ body: 4 }, { body: 5 }]);
  expect(await putter.describe()).toMatchObject({ visible: 1, leased: 6 });
  for (const socket of sockets) await socket.close();
});

test("a message that is due while all connections wait wakes the queue and is delivered then", async () => {
  const queue = freshName();
  const socket = await RawSocket.open(server.address, queue);
  await socket.ask("put", { messages: [{ delaySeconds: 14 }] }, ["later"]);
  const join = socket.begin("join", { wait: true });
  const receive = socket.begin("receive", { wait: true });

  const answer = await socket.next((line) => line.id === receive);

  expect(answer).toMatchObject({ reply: { messages: [{ body: "later" }] } });
  expect(await socket.next((line) => line.resend)).toEqual({ resend: [join] });
  await socket.close();
});
