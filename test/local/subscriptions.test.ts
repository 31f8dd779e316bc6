import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { freshName, TestServer } from "../support/server.ts";
import { RawSocket } from "../support/sockets/raw-socket.ts";

const server = new TestServer({ isMovable: true });
const open: RawSocket[] = [];
beforeAll(() => server.start());
afterAll(() => server.remove());
afterEach(() => {
  for (const socket of open.splice(0)) socket.terminate();
});

async function connect(queue: string, sockets = 1): Promise<RawSocket[]> {
  const connected = await Promise.all(Array.from({ length: sockets }, () => RawSocket.open(server.address, queue)));
  open.push(...connected);
  return connected;
}

/** The bodies that were pushed, once there are so many. */
async function pushed(socket: RawSocket, messages: number): Promise<unknown[]> {
  const bodies: unknown[] = [];
  while (bodies.length < messages) {
    const { push } = await socket.next((line) => line.push !== undefined);
    for (const { body } of push) bodies.push(body);
  }
  return bodies;
}

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, n) => from + n);
}

test("messages are pushed as they become visible, and never more than there is credit for", async () => {
  const [socket] = (await connect(freshName())) as [RawSocket];
  expect(await socket.ask("subscribe", { credit: 3, leaseSeconds: 60 })).toMatchObject({ reply: { credit: 3 } });

  await socket.ask("put", {}, [0]);
  expect(await pushed(socket, 1)).toEqual([0]);
  await socket.ask("put", {}, numbers(5, 1));
  expect(await pushed(socket, 2)).toEqual([1, 2]);

  expect((await socket.ask("describe")).reply).toMatchObject({ leased: 3, visible: 3 });
  expect(await socket.ask("subscribe", { credit: 2 })).toMatchObject({ reply: { credit: 2 } });
  expect(await pushed(socket, 2)).toEqual([3, 4]);
  expect((await socket.ask("describe")).reply).toMatchObject({ leased: 5, visible: 1 });
});

test("a message is pushed again when its lease or its delay is over", async () => {
  const queue = freshName();
  const [socket] = (await connect(queue)) as [RawSocket];
  await socket.ask("configure", { retryDelaySeconds: 0 });
  await socket.ask("subscribe", { credit: 10, leaseSeconds: 30 });
  await socket.ask("put", {}, ["item"]);

  const first = await socket.next((line) => line.push);
  socket.begin("begin", { receipts: [first.push[0].receipt] });
  await socket.ask("describe");
  await server.pass(30, queue);
  const second = await socket.next((line) => line.push);
  await socket.ask("retry", { receipts: [second.push[0].receipt], delaySeconds: 20 });
  await server.pass(20, queue);
  const third = await socket.next((line) => line.push);

  expect([first, second, third].map(({ push }) => push[0].attempt)).toEqual([1, 2, 3]);
});

test("subscribers take turns: each gets its share of the messages", async () => {
  const sockets = (await connect(freshName(), 3)) as [RawSocket, RawSocket, RawSocket];
  for (const socket of sockets) await socket.ask("subscribe", { credit: 1_000 });

  await sockets[0].ask("put", {}, numbers(300));
  const shares = await Promise.all(sockets.map((socket) => pushed(socket, 100)));
  for (const n of numbers(3, 300)) await sockets[0].ask("put", {}, [n]);
  const singles = await Promise.all(sockets.map((socket) => pushed(socket, 1)));

  expect(shares).toEqual([numbers(100), numbers(100, 100), numbers(100, 200)]);
  expect(singles).toEqual([[300], [301], [302]]);
});

test("the reply to an unsubscribe has the credit that was left, and no push comes after it", async () => {
  const [socket] = (await connect(freshName())) as [RawSocket];
  await socket.ask("subscribe", { credit: 5 });
  await socket.ask("put", {}, [1, 2]);

  expect(await socket.ask("unsubscribe")).toMatchObject({ reply: { credit: 3 } });
  await socket.ask("put", {}, [3]);
  await socket.ask("describe");

  expect(await pushed(socket, 2)).toEqual([1, 2]);
  expect(socket.untaken).toEqual([]);
});

test("shutdown ends subscriptions once the queue is empty, and refuses new ones", async () => {
  const [socket] = (await connect(freshName())) as [RawSocket];
  await socket.ask("subscribe", { credit: 5 });
  await socket.ask("put", {}, ["last"]);
  const { push } = await socket.next((line) => line.push);
  await socket.ask("shutdown");
  expect(socket.untaken).toEqual([]);

  await socket.ask("ack", { receipts: [push[0].receipt] });

  expect(await socket.next()).toMatchObject({ problem: { code: "shut_down" } });
  expect(await socket.ask("subscribe", { credit: 1 })).toMatchObject({ problem: { code: "shut_down" } });
});

test("a message that was not begun is released at once, and its delivery does not count", async () => {
  const [socket] = (await connect(freshName())) as [RawSocket];
  await socket.ask("configure", { maxAttempts: 1, retryDelaySeconds: 60 });
  await socket.ask("put", {}, ["item"]);
  const { reply } = await socket.ask("receive");

  await socket.ask("release", { receipts: [reply.messages[0].receipt] });

  expect((await socket.ask("receive")).reply.messages).toMatchObject([{ body: "item", attempt: 1 }]);
});

test("10,000 receivers that wait on 100 connections are all served, in the order in which they came, none twice", async () => {
  const queue = freshName();
  const sockets = await connect(queue, 100);
  const waits: { socket: RawSocket; id: number }[] = [];
  for (let turn = 0; turn < 10; turn += 1) {
    for (const socket of sockets) {
      for (let wait = 0; wait < 10; wait += 1) waits.push({ socket, id: socket.begin("receive", { wait: true }) });
    }
    // Frames of one connection stay in order; with this, those of a turn have arrived before those of the next.
    await Promise.all(sockets.map((socket) => socket.ask("describe")));
  }

  const putter = server.manager().queue<number>(queue);
  for (let put = 0; put < 10_000; put += 1_000) await putter.putMany(numbers(1_000, put));
  const bodies: number[] = [];
  for (const { socket, id } of waits) {
    const { reply } = await socket.next((line) => line.id === id);
    expect(reply.messages).toHaveLength(1);
    bodies.push(reply.messages[0].body);
  }

  for (let turn = 0; turn < 10_000; turn += 1_000) {
    const served = bodies.slice(turn, turn + 1_000);
    expect(served.toSorted((a, b) => a - b)).toEqual(numbers(1_000, turn));
    for (let wait = 0; wait < 1_000; wait += 10) {
      const ofOne = served.slice(wait, wait + 10);
      expect(ofOne).toEqual(ofOne.toSorted((a, b) => a - b));
    }
  }
  expect(await putter.describe()).toMatchObject({ leased: 10_000, visible: 0 });
});
