import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { RawSocket } from "../support/sockets/raw-socket.ts";

const server = new TestServer();
beforeAll(() => server.start());
afterAll(() => server.remove());

/**
 * An unused object leaves memory ten seconds after its last use, by the clock of the platform, which no test moves. So
 * these tests sleep, and do so at the same time.
 */
const HIBERNATION_MS = 12_000;

test.concurrent("a queue with only waiting connections leaves memory, and a put wakes it and reaches them in order", async ({
  expect,
}) => {
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

// Hibernation by the platform is tested here once for sockets and once for the client; test/object tests, without
// waiting, what the object does when it is woken.
test.concurrent("a queue leaves memory while all calls wait, and each of them is still served", async ({ expect }) => {
  const queue = server.manager().queue<string>(freshName());
  const elsewhere = () => server.manager().queue<string>(queue.name);
  await queue.configure({ maxSize: 1 });
  await queue.put("first", { delaySeconds: 3_600 });
  const worked: string[] = [];
  const worker = elsewhere().work(({ item }) => worked.push(item));
  const waits = Promise.all([queue.put("second"), queue.join()]);
  await queue.qsize();

  await sleep(HIBERNATION_MS);
  for await (const { id } of elsewhere().messages()) await elsewhere().cancel(id);

  expect(await waits).toEqual([expect.any(String), true]);
  expect(worked).toEqual(["second"]);
  await worker.close();
});
