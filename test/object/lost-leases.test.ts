import { evictDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { VERBS } from "../../src/api/verbs/index.ts";
import { call, descriptionOf, freshQueue, type Leased, numbers, objectOf, put, receiptsOf } from "../support/call.ts";
import { eventually } from "../support/eventually.ts";
import { connect } from "../support/sockets/object-socket.ts";
import { breakWrites } from "../support/storage.ts";

vi.spyOn(console, "error").mockReturnValue();

type Socket = Awaited<ReturnType<typeof connect>>;

/** A connection to which messages were pushed, and these. */
async function subscribed(queue: string, credit: number): Promise<{ socket: Socket; pushed: Leased[] }> {
  const socket = await connect(queue);
  socket.say({ id: 1, verb: "subscribe", request: { credit, leaseSeconds: 1 } });
  await socket.next();
  const { push } = (await socket.next()) as { push: Leased[] };
  return { socket, pushed: push };
}

/** Waits until no message is leased. */
async function leasesOver(queue: string): Promise<void> {
  await eventually(async () => expect(await descriptionOf(queue)).toMatchObject({ leased: 0 }));
}

test("the reply to a subscribe has the length of its leases and the server's time", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { leaseSeconds: 45 });
  const socket = await connect(queue);

  socket.say({ id: 1, verb: "subscribe", request: { credit: 2 } });
  const configured = VERBS.subscribe.reply.parse((await socket.next()).reply);
  socket.say({ id: 2, verb: "subscribe", request: { credit: 1, leaseSeconds: 7.5 } });
  const own = VERBS.subscribe.reply.parse((await socket.next()).reply);
  await put(queue, ["a"]);
  const { push } = (await socket.next()) as { push: Leased[] };

  expect([configured.credit, configured.leaseSeconds]).toEqual([2, 45]);
  expect([own.credit, own.leaseSeconds]).toEqual([3, 7.5]);
  expect(own.time).toBeGreaterThanOrEqual(configured.time);
  expect(push[0]?.leaseEndsAt).toBeGreaterThanOrEqual(own.time + 7.5);
});

test("a begin is answered only with lost leases, and one that breaks a rule with a problem", async () => {
  const queue = freshQueue();
  await put(queue, numbers(2));
  const { socket, pushed } = await subscribed(queue, 2);
  const receipts = receiptsOf(pushed);
  socket.say({ id: 2, verb: "ack", request: { receipts: [receipts[0]] } });
  await socket.next();

  socket.say({ id: 3, verb: "begin", request: { receipts } });
  socket.say({ id: 4, verb: "begin", request: { receipts: [receipts[1]] } });
  socket.say({ id: 5, verb: "begin", request: { receipts: [] } });
  socket.say({ id: 6, verb: "describe" });

  const lines = [await socket.next(), await socket.next(), await socket.next()];
  expect(lines).toContainEqual({ lost: [receipts[0]] });
  expect(lines).toContainEqual({ id: 5, problem: expect.objectContaining({ code: "invalid" }) });
  expect(lines).toContainEqual({ id: 6, reply: expect.objectContaining({ leased: 1 }) });
});

test("a begin on an unknown name creates no queue, and all its leases are lost", async () => {
  const queue = freshQueue();
  const socket = await connect(queue);

  socket.say({ id: 1, verb: "begin", request: { receipts: ["never-1-0-1"] } });

  expect(await socket.next()).toEqual({ lost: ["never-1-0-1"] });
  expect((await call("GET", queue)).status).toBe(404);
});

for (const [title, end] of [
  ["cancelled", async (queue: string, { id }: Leased) => call("DELETE", `${queue}/messages/${id}`)],
  ["purged", async (queue: string) => call("POST", `${queue}/purge`, {})],
  ["deleted with their queue", async (queue: string) => call("DELETE", queue)],
  ["taken back by a pause", async (queue: string) => call("POST", `${queue}/pause`, { only: "receives" })],
] as const) {
  test(`leases of messages that are ${title} are reported to all connections that have subscribed, also after hibernation`, async () => {
    const queue = freshQueue();
    await put(queue, ["a"]);
    const holder = await subscribed(queue, 1);
    const other = await connect(queue);
    other.say({ id: 1, verb: "subscribe", request: { credit: 1 } });
    other.say({ id: 2, verb: "unsubscribe" });
    await other.next();
    await other.next();
    const stranger = await connect(queue);
    await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });

    await end(queue, holder.pushed[0] as Leased);

    const lost = { lost: receiptsOf(holder.pushed) };
    expect([await holder.socket.next(), await other.next()]).toEqual([lost, lost]);
    stranger.say({ id: 9, verb: "receive" });
    expect(await stranger.next()).toMatchObject({ id: 9 });
  });
}

test("more lost leases than fit into a line are reported in several", async () => {
  const queue = freshQueue();
  await put(queue, numbers(1_000));
  await put(queue, numbers(500));
  const socket = await connect(queue);
  socket.say({ id: 1, verb: "subscribe", request: { credit: 1_500 } });
  await socket.next();
  for (let pushed = 0; pushed < 1_500; ) pushed += ((await socket.next()) as { push: Leased[] }).push.length;

  await call("POST", `${queue}/purge`, {});

  const [first, second] = [await socket.next(), await socket.next()] as { lost: string[] }[];
  expect([first?.lost.length, second?.lost.length]).toEqual([1_000, 500]);
});

test("leases that a failed commit batch has ended are not reported, and not ended", async () => {
  const queue = freshQueue();
  await put(queue, ["a"]);
  const { socket, pushed } = await subscribed(queue, 1);
  await breakWrites(objectOf(queue), 1);

  const purge = await call("POST", `${queue}/purge`, {});
  socket.say({ id: 2, verb: "extend", request: { receipts: receiptsOf(pushed), leaseSeconds: 60 } });

  expect(purge.status).toBe(500);
  expect(await socket.next()).toMatchObject({ id: 2, reply: { extended: 1 } });
});

test("a subscriber that sends nothing gets each message once, and is served again after its next frame", async () => {
  const queue = freshQueue();
  await put(queue, numbers(3));
  const { socket, pushed } = await subscribed(queue, 10);
  await leasesOver(queue);
  // Another commit batch, in which it would be served.
  await put(queue, ["late"]);
  const before = await descriptionOf(queue);
  await evictDurableObject(objectOf(queue), { webSockets: "hibernate" });
  const other = await connect(queue);
  other.say({ id: 1, verb: "receive", request: { max: 1 } });
  const received = await other.next();

  // Not an operation of the queue: it is refused on the way in.
  socket.say({ id: 2, verb: "fly" });

  expect(pushed).toHaveLength(3);
  expect(before).toMatchObject({ visible: 4, leased: 0, dead: 0 });
  expect(received).toMatchObject({ reply: { messages: [{ body: 0, attempt: 1 }] } });
  const lines = [await socket.next(), await socket.next()];
  expect(lines).toContainEqual({ id: 2, problem: expect.objectContaining({ code: "invalid" }) });
  const served = lines.find(({ push }) => push !== undefined);
  expect(served.push.map(({ body, attempt }: Leased) => [body, attempt])).toEqual([
    [1, 1],
    [2, 1],
    ["late", 1],
  ]);
});

test("a subscriber that sends nothing is not served after a failed commit batch either", async () => {
  const queue = freshQueue();
  await put(queue, numbers(2));
  const { socket } = await subscribed(queue, 10);
  await leasesOver(queue);
  await breakWrites(objectOf(queue), 1);

  await call("POST", `${queue}/messages`, { messages: [{ body: "fails" }] });
  await put(queue, ["arrives"]);

  expect(await descriptionOf(queue)).toMatchObject({ visible: 3, leased: 0 });
  socket.say({ id: 2, verb: "receive", request: { max: 1 } });
  const lines = [await socket.next(), await socket.next()];
  expect(lines).toContainEqual({ id: 2, reply: { messages: [] } });
  expect(lines.find(({ push }) => push !== undefined)).toMatchObject({
    push: [{ body: 0 }, { body: 1 }, { body: "arrives" }],
  });
});
