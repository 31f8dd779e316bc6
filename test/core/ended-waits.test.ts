import { expect, test } from "vitest";
import { TestQueue } from "../support/core/test-queue.ts";

/** Request ids of commands that wait, or the numbers of subscribers. */
const [FIRST, SECOND, THIRD] = [101, 102, 103];

const DEAD_LETTER = { id: "g-1-1", reason: "expired", attempts: 1, firstPutAt: 1, diedAt: 2 } as const;

/** Full, with one message in it. */
function fullQueue(): TestQueue {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { maxSize: 1 } });
  queue.put({ body: 0 });
  return queue;
}

test("a receive whose wait is cancelled is answered with nothing, and gets nothing later", () => {
  const queue = new TestQueue();
  queue.waitForMessages(FIRST);
  queue.waitForMessages(SECOND);

  expect(queue.run({ verb: "cancel_wait", requestIds: [FIRST] })).toEqual({ verb: "cancel_wait", ended: 1 });
  queue.put({ body: 1 });

  expect(queue.received()).toEqual([
    { requestId: FIRST, bodies: [] },
    { requestId: SECOND, bodies: [1] },
  ]);
});

test("a put whose wait is cancelled is refused as at its deadline, and is not stored", () => {
  const queue = fullQueue();
  queue.waitForRoom(FIRST, [1]);

  expect(queue.run({ verb: "cancel_wait", requestIds: [FIRST] })).toEqual({ verb: "cancel_wait", ended: 1 });

  expect(queue.received()).toEqual([{ requestId: FIRST, code: "full" }]);
  expect([queue.receive(10), queue.receive(10)]).toEqual([[0], []]);
});

test("a join whose wait is cancelled is answered that not everything is finished", () => {
  const queue = fullQueue();
  queue.waitUntilDone(FIRST);

  expect(queue.run({ verb: "cancel_wait", requestIds: [FIRST] })).toEqual({ verb: "cancel_wait", ended: 1 });
  queue.run({ verb: "purge" });

  expect(queue.received()).toEqual([{ requestId: FIRST, verb: "join", finished: false }]);
});

test("a cancel_wait of commands that were answered, or never sent, ends nothing", () => {
  const queue = new TestQueue();
  queue.waitForMessages(FIRST);
  queue.put({ body: 1 });
  queue.received();

  expect(queue.run({ verb: "cancel_wait", requestIds: [FIRST, SECOND] })).toEqual({ verb: "cancel_wait", ended: 0 });
  expect(queue.received()).toEqual([]);
});

test("a subscription is ended by an unsubscribe, not by a cancel_wait", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 5);

  expect(queue.run({ verb: "cancel_wait", requestIds: [FIRST] })).toEqual({ verb: "cancel_wait", ended: 0 });
  queue.put({ body: 1 });

  expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [1] }]);
});

test("when the wait of one try of a put is cancelled, its other tries go on waiting", () => {
  const queue = fullQueue();
  queue.waitForRoom(FIRST, [1], "key");
  queue.waitForRoom(SECOND, [1], "key");

  expect(queue.run({ verb: "cancel_wait", requestIds: [FIRST] })).toEqual({ verb: "cancel_wait", ended: 1 });
  queue.receive(1);

  expect(queue.received()).toMatchObject([
    { requestId: FIRST, code: "full" },
    { requestId: SECOND, ids: [expect.any(String)] },
  ]);
});

test("a put whose wait is cancelled no longer holds up the puts behind it", () => {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { maxSize: 2 } });
  queue.put({ body: 0 });
  queue.waitForRoom(FIRST, [1, 2]);
  queue.waitForRoom(SECOND, [3]);

  queue.run({ verb: "cancel_wait", requestIds: [FIRST] });

  expect(queue.received()).toMatchObject([
    { requestId: FIRST, code: "full" },
    { requestId: SECOND, ids: [expect.any(String)] },
  ]);
});

test("a redrive goes on waiting for its transfer, whatever is cancelled, and is not answered when its caller has left", () => {
  const queue = new TestQueue();
  for (const [number, to] of ["a", "b"].entries()) {
    const messages = [{ content: '"body":1', priority: 100, deadLetter: DEAD_LETTER }];
    queue.run({ verb: "receive_transfer", queue: to, generation: "g", number: number + 1, messages });
  }
  const redrive = { verb: "redrive", max: 10, from: "a" } as const;
  queue.run(redrive, FIRST);
  const [transfer] = queue.outbound();
  queue.run({ ...redrive, from: undefined, to: "a" }, SECOND);
  queue.run({ ...redrive, from: undefined, to: "a" }, THIRD);

  const cancelled = queue.run({ verb: "cancel_wait", requestIds: [FIRST, SECOND] });
  queue.queue.leave(new Set([SECOND]), undefined);
  const { generation = "", number = 0 } = transfer ?? {};
  queue.run({ verb: "transfer_result", generation, number, outcome: "accepted" });
  const [next] = queue.outbound();

  expect(cancelled).toEqual({ verb: "cancel_wait", ended: 0 });
  expect(queue.received()).toEqual([{ requestId: FIRST, verb: "redrive", redriven: 1, left: 1 }]);
  // Of the two redrives that waited for the first transfer, only the one whose caller is there is made.
  queue.run({ verb: "transfer_result", generation, number: next?.number ?? 0, outcome: "accepted" });
  expect(queue.received()).toEqual([{ requestId: THIRD, verb: "redrive", redriven: 1, left: 0 }]);
  expect(queue.queue).toMatchObject({ hasDeadline: false, nextEventAt: Number.POSITIVE_INFINITY });
});

test("a connection that left is answered nothing and given nothing", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 5);
  queue.waitForMessages(SECOND);
  queue.put({ body: 1, delayMs: 1_000 });
  queue.waitUntilDone(THIRD);

  queue.queue.leave(new Set([SECOND, THIRD]), FIRST);
  queue.now += 1_000;

  expect(queue.receive(10)).toEqual([1]);
  queue.run({ verb: "purge" });
  expect(queue.received()).toEqual([]);
  expect(queue.run({ verb: "unsubscribe", subscriber: FIRST })).toEqual({ verb: "unsubscribe", credit: 0 });
});

test("a put that waited is not stored when its caller has left", () => {
  const queue = fullQueue();
  queue.waitForRoom(FIRST, [1]);
  queue.waitForRoom(SECOND, [2]);

  queue.queue.leave(new Set([FIRST]), THIRD);

  expect([queue.receive(10), queue.receive(10), queue.receive(10)]).toEqual([[0], [2], []]);
  expect(queue.received()).toMatchObject([{ requestId: SECOND, ids: [expect.any(String)] }]);
});

test("a put that is tried again when its first try has left waits anew", () => {
  const queue = fullQueue();
  queue.waitForRoom(FIRST, [1], "key");
  queue.queue.leave(new Set([FIRST]), THIRD);

  queue.waitForRoom(SECOND, [1], "key");
  queue.receive(1);

  expect(queue.received()).toMatchObject([{ requestId: SECOND, ids: [expect.any(String)] }]);
});

test("a put of which one try has left is stored for the others", () => {
  const queue = fullQueue();
  queue.waitForRoom(FIRST, [1], "key");
  queue.waitForRoom(SECOND, [1], "key");

  queue.queue.leave(new Set([FIRST]), THIRD);
  queue.receive(1);

  expect(queue.received()).toMatchObject([{ requestId: SECOND, ids: [expect.any(String)] }]);
});

test("receivers that stay are served in place of those that left", () => {
  const queue = new TestQueue();
  queue.waitForMessages(FIRST);
  queue.subscribe(SECOND, 1);
  queue.waitForMessages(THIRD);

  queue.queue.leave(new Set([FIRST]), SECOND);
  queue.put({ body: 1 });

  expect(queue.received()).toEqual([{ requestId: THIRD, bodies: [1] }]);
});

test("when no message can come any more, subscribers are refused, with credit or without", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1);
  queue.subscribe(SECOND, 10);
  queue.putOneByOne(1, 2);
  queue.received();

  queue.run({ verb: "shutdown", immediate: false });
  expect(queue.received()).toEqual([]);
  queue.run({ verb: "purge" });
  expect(queue.received()).toEqual([
    { requestId: FIRST, code: "shut_down" },
    { requestId: SECOND, code: "shut_down" },
  ]);

  expect(queue.run({ verb: "subscribe", subscriber: THIRD, credit: 1 })).toMatchObject({ code: "shut_down" });
  expect(queue.run({ verb: "unsubscribe", subscriber: SECOND })).toEqual({ verb: "unsubscribe", credit: 0 });
});

test("a subscription outlives the queue's deletion: messages put under the name later are pushed", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 2);
  queue.put({ body: 1 });
  queue.received();

  queue.run({ verb: "delete", nextGeneration: "next" });
  queue.rows.clear();
  expect(queue.received()).toEqual([]);
  queue.put({ body: 2 });

  expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [2] }]);
});

test("waits without a deadline are refused at a shutdown and a deletion as all others are", () => {
  const queue = fullQueue();
  queue.waitForRoom(FIRST, [1]);
  queue.run({ verb: "shutdown", immediate: false });
  expect(queue.received()).toEqual([{ requestId: FIRST, code: "shut_down" }]);

  const deleted = fullQueue();
  deleted.waitForRoom(FIRST, [1]);
  deleted.waitUntilDone(SECOND);
  deleted.run({ verb: "delete", nextGeneration: "next" });
  expect(deleted.received()).toEqual([
    { requestId: FIRST, code: "unknown_queue" },
    { requestId: SECOND, code: "unknown_queue" },
  ]);
});

test("a wait without a deadline asks for no waking, but for messages that may become visible", () => {
  const queue = new TestQueue();
  queue.waitForMessages(FIRST);
  queue.subscribe(SECOND, 1);
  expect(queue.queue).toMatchObject({ nextEventAt: Number.POSITIVE_INFINITY, hasDeadline: false });

  queue.put({ body: 1, delayMs: 7_000 });
  expect(queue.queue).toMatchObject({ nextEventAt: queue.now + 7_000, hasDeadline: false });

  queue.waitForMessages(THIRD, 1, 2_000);
  expect(queue.queue).toMatchObject({ nextEventAt: queue.now + 2_000, hasDeadline: true });
});
