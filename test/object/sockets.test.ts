import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { putsReply } from "../../src/api/schema/socket-operation.ts";
import { VERBS } from "../../src/api/verbs/index.ts";
import { Session } from "../../src/socket/session.ts";
import { call, descriptionOf, freshQueue, objectOf, put } from "../support/call.ts";
import { connect } from "../support/sockets/object-socket.ts";
import { breakWrites } from "../support/storage.ts";

vi.spyOn(console, "error").mockReturnValue();

test("an object that left memory knows which connections wait, for how many messages and in which order", async () => {
  const queue = freshQueue();
  const first = await connect(queue);
  const second = await connect(queue);
  second.say({ id: 1, verb: "receive", request: { wait: true, leaseSeconds: 60, max: 2 } });
  second.say({ id: 2, verb: "join", request: {} });
  await second.next();
  first.say({ id: 1, verb: "subscribe", request: { credit: 2, leaseSeconds: 90 } });
  await first.next();
  second.say({ id: 3, verb: "receive", request: { wait: true } });
  second.say({ id: 4, verb: "join", request: {} });
  await second.next();

  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  await put(queue, ["a", "b", "c"]);

  expect(await second.next()).toMatchObject({ id: 1, reply: { messages: [{ body: "a" }, { body: "b" }] } });
  expect(await first.next()).toMatchObject({ push: [{ body: "c" }] });
  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  await put(queue, ["d"]);
  await put(queue, ["e", "f"]);
  expect(await second.next()).toMatchObject({ id: 3, reply: { messages: [{ body: "d" }] } });
  expect(await first.next()).toMatchObject({ push: [{ body: "e" }] });
  expect(await descriptionOf(queue)).toMatchObject({ visible: 1, leased: 5 });
});

test("a put that waited for room while the object left memory is requested again, and stored once", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["there"]);
  const socket = await connect(queue);
  const put1 = [{ id: 1, verb: "put", key: "key", lines: 1, request: { wait: true } }, { n: 1 }];
  socket.say(...put1);
  socket.say({ id: 2, verb: "describe" });
  expect(await socket.next()).toMatchObject({ id: 2, reply: { accepted: 1 } });

  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  socket.say({ id: 3, verb: "describe" });
  expect(await socket.next()).toEqual({ resend: [1] });
  expect(await socket.next()).toMatchObject({ id: 3, reply: { accepted: 1 } });
  socket.say(...put1);
  socket.say({ id: 4, verb: "receive" });

  expect([(await socket.next()).id, (await socket.next()).id].sort()).toEqual([1, 4]);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 2, visible: 1 });
});

test("messages that a connection asked for as it closed are handed out to no connection", async () => {
  const queue = freshQueue();
  await put(
    queue,
    Array.from({ length: 10 }, (_, n) => n),
  );
  await connect(queue);

  await runInDurableObject(objectOf(queue), (object, ctx) => {
    const [socket] = ctx.getWebSockets();
    const operations = [
      { id: 1, verb: "subscribe", request: { credit: 5 } },
      { id: 2, verb: "receive", request: { autoAck: true } },
      { id: 3, verb: "receive", request: { wait: true } },
      { id: 4, verb: "put", lines: 1 },
    ];
    const frame = [...operations, "unanswered"].map((line) => JSON.stringify(line)).join("\n");
    object.webSocketMessage(socket as WebSocket, frame);
    object.webSocketClose(socket as WebSocket, 1006);
  });

  expect(await descriptionOf(queue)).toMatchObject({ visible: 11, leased: 0, done: 0 });
});

test("a put that leaves the head of the wait queue lets in the puts behind it", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 2 });
  await put(queue, ["there"]);
  const [large, small] = [await connect(queue), await connect(queue)];
  large.say({ id: 1, verb: "put", lines: 2, request: { wait: true } }, { n: 1 }, { n: 2 });
  large.say({ id: 2, verb: "describe" });
  await large.next();
  small.say({ id: 1, verb: "put", lines: 1, request: { wait: true } }, { n: 3 });
  small.say({ id: 2, verb: "describe" });
  await small.next();

  large.end();

  expect(await small.next()).toMatchObject({ id: 1, reply: { ids: [expect.any(String)] } });
});

test("an operation whose write fails is refused, and its connection stays open", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  const socket = await connect(queue);
  await breakWrites(objectOf(queue), 1);

  socket.say({ id: 1, verb: "put", lines: 1 }, { n: 1 });
  const refused = await socket.next();
  socket.say({ id: 2, verb: "put", lines: 1 }, { n: 2 });

  expect(refused).toMatchObject({ id: 1, problem: { code: "internal" } });
  expect(await socket.next()).toMatchObject({ id: 2, reply: { ids: [expect.any(String)] } });
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 2 });
});

test("subscriptions and waits go on when the queue is loaded again after a failed commit", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const socket = await connect(queue);
  socket.say({ id: 1, verb: "receive", request: { wait: true } });
  socket.say({ id: 2, verb: "subscribe", request: { credit: 1 } });
  await socket.next();
  await breakWrites(objectOf(queue), 1);

  const failed = await call("POST", `${queue}/messages`, { messages: [{ body: "failed" }] });
  await put(queue, ["a", "b"]);

  expect(failed.status).toBe(500);
  const lines = [await socket.next(), await socket.next()];
  expect(lines.find(({ id }) => id === 1)?.reply.messages).toMatchObject([{ body: "b" }]);
  expect(lines.find(({ push }) => push !== undefined)?.push).toMatchObject([{ body: "a" }]);
});

test("a subscription has its credit once if the first commit batch after hibernation fails", async () => {
  const queue = freshQueue();
  await call("PUT", queue, {});
  const socket = await connect(queue);
  socket.say({ id: 1, verb: "subscribe", request: { credit: 1 } });
  await socket.next();
  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  await breakWrites(objectOf(queue), 1);

  await put(queue, ["a", "b"]);

  expect((await socket.next()).push).toMatchObject([{ body: "a" }]);
  expect(await descriptionOf(queue)).toMatchObject({ visible: 1, leased: 1 });
});

test("a frame on which the server fails closes its connection, and nothing of it is applied", async () => {
  const queue = freshQueue();
  await put(queue, ["before"]);
  const socket = await connect(queue);
  vi.spyOn(Session.prototype, "begin").mockImplementationOnce(() => {
    throw new RangeError("Maximum call stack size exceeded");
  });
  socket.say({ id: 1, verb: "put", lines: 1 }, "a", { id: 2, verb: "describe" });

  expect(await socket.closed).toBe(1011);
  expect(await descriptionOf(queue)).toMatchObject({ accepted: 1 });
});

test("puts that share an operation each get their own result, even if one joins an earlier try that waits", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await put(queue, ["first"]);
  const before = await connect(queue);
  before.say({ id: 1, verb: "put", request: { wait: true }, key: "a", lines: 1 }, "a");
  before.say({ id: 2, verb: "describe" });
  await before.next();

  const after = await connect(queue);
  after.say({ id: 1, verb: "put", keys: ["a", "b"], lines: 2 }, "a", "b", { id: 2, verb: "receive", request: {} });

  const stored = (await before.next()).reply.ids[0];
  const replies = [await after.next(), await after.next()];
  expect(replies.find(({ id }) => id === 1)).toMatchObject({
    reply: { ids: [stored, null], problems: [null, { code: "full" }] },
  });
});

test("replies on the socket say which messages are duplicates, and which of the puts that share an operation", async () => {
  const queue = freshQueue();
  const socket = await connect(queue);
  const request = { messages: [{ dedupeKey: "a" }, { dedupeKey: "b" }, { dedupeKey: "a" }] };

  socket.say({ id: 1, verb: "put", request, lines: 3 }, 1, 2, 3);
  const alone = await socket.next();
  socket.say(
    { id: 2, verb: "put", keys: ["1", "2", "3", "4"], lines: 4, request: { messages: runs("c", "b", "d", "c") } },
    4,
    5,
    6,
    7,
  );
  const shared = await socket.next();
  socket.say({ id: 3, verb: "put", keys: ["5", "1"], lines: 2, request: { messages: runs("e", "other") } }, 8, 9);
  const refused = await socket.next();

  const [a, b] = alone.reply.ids;
  expect(VERBS.put.reply.parse(alone.reply)).toEqual({ ids: [a, b, a], duplicates: [2] });
  expect(putsReply.parse(shared.reply)).toMatchObject({ duplicates: [1, 3] });
  expect(shared.reply.ids[1]).toBe(b);
  expect(shared.reply.ids[3]).toBe(shared.reply.ids[0]);
  expect(Object.keys(refused.reply)).toEqual(["ids", "problems"]);
});

function runs(...dedupeKeys: string[]) {
  return dedupeKeys.map((dedupeKey) => ({ dedupeKey }));
}
