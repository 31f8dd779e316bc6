/** Who is connected to a queue, what its key grants, and until when. */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, onTestFinished, test } from "vitest";
import { OWNER, type Principal } from "../../src/api/keys/principal.ts";
import { hashOf } from "../../src/api/keys/principals.ts";
import { AUTHKEY, call, descriptionOf, freshQueue, objectOf, pass, put } from "../support/call.ts";
import { connect } from "../support/sockets/object-socket.ts";

const WORKER: Principal = { name: "mail-worker", scopes: ["receive"], queues: ["test-"] };

test("a description says who consumes: name, key, address, since, in hand and credit", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b", "c"]);
  const idle = await connect(queue);
  const before = Date.now() / 1_000;
  const socket = await connect(queue, { principal: WORKER, name: "build-7:42", address: "192.0.2.7" });
  socket.say({ id: 1, verb: "subscribe", request: { credit: 2 } });
  await socket.next();
  const { push } = await socket.next();

  const { connected, consumers } = await descriptionOf(queue);

  expect(connected).toBe(2);
  expect(consumers).toEqual([
    {
      ...{ name: "build-7:42", key: "mail-worker", address: "192.0.2.7", since: expect.any(Number) },
      ...{ inHand: 2, credit: 0 },
    },
  ]);
  expect(consumers[0]?.since).toBeGreaterThanOrEqual(before - 1);

  const [first, second] = push.map(({ receipt }: { receipt: string }) => receipt);
  socket.say({ id: 2, verb: "ack", request: { receipts: [first] } });
  await socket.next();
  expect((await descriptionOf(queue)).consumers).toMatchObject([{ inHand: 1 }]);
  socket.say({ id: 3, verb: "release", request: { receipts: [second] } });
  await socket.next();
  socket.end();
  await socket.closed;
  expect(await descriptionOf(queue)).toMatchObject({ connected: 1, consumers: [] });
  idle.end();
});

test("a connection that receives consumes too, until its messages are finished or their leases are over", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const socket = await connect(queue);
  socket.say({ id: 1, verb: "receive", request: { max: 2, leaseSeconds: 10 } });
  const { reply } = await socket.next();
  expect((await descriptionOf(queue)).consumers).toMatchObject([{ name: "owner", inHand: 2 }]);

  socket.say({ id: 2, verb: "extend", request: { receipts: [reply.messages[0].receipt], leaseSeconds: 60 } });
  await socket.next();
  await pass(11, queue);
  expect((await descriptionOf(queue)).consumers).toMatchObject([{ inHand: 1 }]);
  await pass(60, queue);
  expect((await descriptionOf(queue)).consumers).toEqual([]);
  socket.end();
});

test("a connection that left memory still knows who it is, what it may do and how much it has in hand", async () => {
  const queue = freshQueue();
  await put(queue, ["a", "b"]);
  const socket = await connect(queue, { principal: WORKER, name: "build-7" });
  socket.say({ id: 1, verb: "receive", request: { max: 2 } });
  const { reply } = await socket.next();

  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });

  expect((await descriptionOf(queue)).consumers).toMatchObject([{ name: "build-7", key: "mail-worker", inHand: 2 }]);
  socket.say({ id: 2, verb: "put", request: {}, lines: 1 }, "intruder");
  expect(await socket.next()).toMatchObject({ id: 2, problem: { code: "forbidden", status: 403 } });
  socket.say({ id: 3, verb: "ack", request: { receipts: [reply.messages[0].receipt] } });
  expect(await socket.next()).toMatchObject({ id: 3, reply: { acked: 1 } });
  expect((await descriptionOf(queue)).consumers).toMatchObject([{ inHand: 1 }]);
  socket.end();
});

test("a connection is closed when its key ends, and gets nothing any more", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const socket = await connect(queue, { principal: { ...WORKER, endsAt: Date.now() + 60_000 } });
  socket.say({ id: 1, verb: "subscribe", request: { credit: 5 } });
  await socket.next();

  await pass(59, queue);
  expect(await descriptionOf(queue)).toMatchObject({ connected: 1 });
  await pass(2, queue);

  expect(await socket.closed).toBe(1008);
  await put(queue, ["a"]);
  expect(await descriptionOf(queue)).toMatchObject({ connected: 0, visible: 1 });
});

test("a connection whose key has ended is closed before anything is handed out, also on a queue that begins to exist then", async () => {
  const queue = freshQueue();
  const socket = await connect(queue, { principal: { ...WORKER, endsAt: Date.now() + 60_000 } });
  socket.say({ id: 1, verb: "receive", request: { wait: true } });
  await pass(61, queue);

  await put(queue, ["a"]);

  expect(await socket.closed).toBe(1008);
  expect(await descriptionOf(queue)).toMatchObject({ connected: 0, visible: 1 });
});

test.each([
  ["a put", { verb: "put", request: {}, lines: 1 }],
  ["puts that share an operation", { verb: "put", request: {}, lines: 1, keys: ["key"] }],
])(
  "%s on a connection whose key has ended changes nothing, also where no alarm has closed it",
  async (_, operation) => {
    const queue = freshQueue();
    const socket = await connect(queue, { principal: { ...WORKER, scopes: ["put"], endsAt: Date.now() + 60_000 } });
    await pass(61, queue);

    socket.say({ id: 1, ...operation }, "a");

    expect(await socket.closed).toBe(1008);
    expect(await objectOf(queue).ask("describe", {}, { principal: OWNER })).toMatchObject({ code: "unknown_queue" });
  },
);

test("a connection that left memory is closed if the server does not have its key any more", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const removed = await connect(queue, { principal: { ...WORKER, hash: await hashOf("a key that was removed") } });
  const kept = await connect(queue, { principal: { ...OWNER, hash: await hashOf(AUTHKEY) } });

  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });

  expect(await descriptionOf(queue)).toMatchObject({ connected: 1 });
  expect(await removed.closed).toBe(1008);
  kept.say({ id: 1, verb: "describe" });
  expect(await kept.next()).toMatchObject({ id: 1, reply: { visible: 1 } });
  kept.end();
});

test("a connection that left memory is closed while AUTHKEYS is wrong, and nothing is handed out to it", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const socket = await connect(queue, { principal: { ...OWNER, hash: await hashOf(AUTHKEY) } });
  socket.say({ id: 1, verb: "subscribe", request: { credit: 1 } });
  await socket.next();
  const variables: { AUTHKEYS?: string | null | undefined } = env;
  variables.AUTHKEYS = "no list of keys";
  onTestFinished(() => {
    delete variables.AUTHKEYS;
  });

  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  await objectOf(queue).ask("put", { messages: [{ body: "a" }] }, { principal: OWNER });

  expect(await socket.closed).toBe(1008);
  delete variables.AUTHKEYS;
  expect(await descriptionOf(queue)).toMatchObject({ connected: 0, visible: 1 });
});

test("a connection that left memory is closed if its key is not for the queue any more, and nothing is handed out to it", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const hash = await hashOf("a key whose queues change");
  const socket = await connect(queue, { principal: { ...WORKER, hash } });
  socket.say({ id: 1, verb: "subscribe", request: { credit: 1 } });
  await socket.next();
  const { name, scopes } = WORKER;
  const variables: { AUTHKEYS?: string | null | undefined } = env;
  variables.AUTHKEYS = JSON.stringify([{ name, hash, scopes, queues: ["others-"] }]);
  onTestFinished(() => {
    delete variables.AUTHKEYS;
  });

  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  await put(queue, ["a"]);

  expect(await socket.closed).toBe(1008);
  expect(await descriptionOf(queue)).toMatchObject({ connected: 0, visible: 1 });
});
