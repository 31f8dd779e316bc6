import { expect, test } from "vitest";
import { arrival, bodiesOf, call, freshQueue, inspect, numbers, put, type Reply, receive } from "../support/call.ts";

/** A queue that takes no more: it holds as many messages as it may. */
async function fullQueue(maxSize = 1): Promise<string> {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize });
  await put(queue, numbers(maxSize));
  return queue;
}

function putWithin(queue: string, bodies: unknown[], timeoutSeconds: number): Promise<Reply> {
  return call("POST", `${queue}/messages`, { messages: bodies.map((body) => ({ body })), timeoutSeconds });
}

test("a put into a full queue is refused at once unless it waits", async () => {
  const queue = await fullQueue();

  const reply = await putWithin(queue, ["b"], 0);

  expect(reply.status).toBe(409);
  expect(reply.body).toMatchObject({ code: "full", status: 409 });
  expect(await inspect(queue)).toMatchObject({ visible: 1, accepted: 1, unfinished: 1 });
});

test("a put whose wait for room ends is refused and never made", async () => {
  const queue = await fullQueue();

  const reply = await putWithin(queue, ["b"], 0.05);
  await receive(queue);

  expect(reply.body.code).toBe("full");
  expect(await receive(queue)).toEqual([]);
  expect(await inspect(queue)).toMatchObject({ accepted: 1 });
});

test("a put waits until a receive frees a slot", async () => {
  const queue = await fullQueue();

  const waiting = putWithin(queue, ["b"], 10);
  await arrival(queue);
  const first = await receive(queue);

  expect((await waiting).status).toBe(201);
  expect(bodiesOf(first)).toEqual([0]);
  expect(await receive(queue)).toMatchObject([{ id: (await waiting).body.ids[0], body: "b" }]);
});

test("puts that wait are made in order of arrival, and none overtakes a batch that still waits", async () => {
  const queue = await fullQueue(2);

  const waiting: Promise<Reply>[] = [];
  for (const bodies of [["a", "b"], ["c"], ["d"]]) {
    waiting.push(putWithin(queue, bodies, 10));
    await arrival(queue);
  }
  const received = [...(await receive(queue))];
  const meanwhile = await inspect(queue);
  while (received.length < 6) received.push(...(await receive(queue)));

  expect(meanwhile).toMatchObject({ visible: 1, accepted: 2 });
  expect(bodiesOf(received)).toEqual([0, 1, "a", "b", "c", "d"]);
  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([201, 201, 201]);
});

test("a put that fits is made when the batch that waited before it gives up", async () => {
  const queue = await fullQueue(2);
  await receive(queue);

  const batch = putWithin(queue, ["a", "b"], 0.3);
  await arrival(queue);
  const single = putWithin(queue, ["c"], 10);

  expect((await batch).body.code).toBe("full");
  expect((await single).status).toBe(201);
});

test("a put that does not wait does not overtake those that do", async () => {
  const queue = await fullQueue(2);
  await receive(queue);

  const batch = putWithin(queue, ["a", "b"], 10);
  await arrival(queue);
  const single = await putWithin(queue, ["c"], 0);
  await receive(queue);

  expect(single.body.code).toBe("full");
  expect((await batch).status).toBe(201);
});

test("a batch that is larger than the queue may ever be is refused at once", async () => {
  const queue = await fullQueue(2);

  const reply = await putWithin(queue, ["a", "b", "c"], 10);

  expect(reply.status).toBe(400);
  expect(reply.body).toMatchObject({ code: "invalid", errors: [{ path: "messages" }] });
  expect(await inspect(queue)).toMatchObject({ visible: 2, accepted: 2 });
});

test("a put that waits while its queue is deleted is told so", async () => {
  const queue = await fullQueue();

  const waiting = putWithin(queue, ["b"], 10);
  await arrival(queue);
  await call("DELETE", queue);

  expect((await waiting).status).toBe(404);
  expect((await waiting).body.code).toBe("unknown_queue");
  expect((await call("GET", queue)).status).toBe(404);
});

test("a put that waits is made when the bound is raised or lifted", async () => {
  const queue = await fullQueue();

  const waiting = [putWithin(queue, ["b"], 10), putWithin(queue, ["c"], 10)];
  await arrival(queue);
  await call("PUT", queue, { maxSize: 2 });
  await call("PUT", queue, { maxSize: 0 });

  expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([201, 201]);
  expect(await inspect(queue)).toMatchObject({ visible: 3 });
});

test("a put that waits is made when the queue is purged", async () => {
  const queue = await fullQueue();

  const waiting = putWithin(queue, ["b"], 10);
  await arrival(queue);
  await call("POST", `${queue}/purge`);

  expect((await waiting).status).toBe(201);
  expect(await inspect(queue)).toMatchObject({ visible: 1, purged: 1 });
});

test("delayed messages fill a queue, leased ones do not", async () => {
  const queue = freshQueue();
  await call("PUT", queue, { maxSize: 1 });
  await call("POST", `${queue}/messages`, { messages: [{ body: "late", delaySeconds: 0.2 }] });

  const whileDelayed = await putWithin(queue, ["b"], 0);
  await receive(queue, { timeoutSeconds: 5 });
  const whileLeased = await putWithin(queue, ["b"], 0);

  expect([whileDelayed.status, whileLeased.status]).toEqual([409, 201]);
});

test("what comes back from a lease may pass the bound", async () => {
  const queue = await fullQueue();
  const [leased] = await receive(queue);
  await put(queue, ["b"]);

  await call("POST", `${queue}/retry`, { receipts: [leased?.receipt] });

  expect(await inspect(queue)).toMatchObject({ visible: 2, maxSize: 1 });
  expect(bodiesOf(await receive(queue, { max: 10 }))).toEqual([0, "b"]);
});

test("a bound below what the queue holds refuses puts until there is room", async () => {
  const queue = await fullQueue(3);
  await call("PUT", queue, { maxSize: 1 });

  const replies = [await putWithin(queue, ["b"], 0)];
  await receive(queue, { max: 3 });
  replies.push(await putWithin(queue, ["b"], 0));

  expect(replies.map(({ status }) => status)).toEqual([409, 201]);
});

test("a batch that waits is refused when the bound falls below its size, and stands in nobody's way", async () => {
  const queue = await fullQueue(5);

  const batch = putWithin(queue, ["a", "b", "c", "d"], 20);
  await arrival(queue);
  await call("PUT", queue, { maxSize: 2 });
  await call("POST", `${queue}/purge`);
  const single = await putWithin(queue, ["e"], 0);

  expect((await batch).body).toMatchObject({ code: "invalid", errors: [{ path: "messages" }] });
  expect(single.status).toBe(201);
});
