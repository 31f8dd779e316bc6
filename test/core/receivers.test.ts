import { expect, test } from "vitest";
import { TestQueue } from "../support/core/test-queue.ts";

/** Request ids of commands that wait, or the numbers of subscribers. */
const [FIRST, SECOND, THIRD] = [101, 102, 103];

test("what is visible, or becomes so, is pushed to a subscriber, never beyond its credit", () => {
  const queue = new TestQueue();
  queue.putOneByOne(1, 2);

  queue.subscribe(FIRST, 3);
  queue.putOneByOne(3, 4);

  expect(queue.received()).toEqual([
    { requestId: FIRST, bodies: [1, 2] },
    { requestId: FIRST, bodies: [3] },
  ]);
  expect(queue.describe()).toMatchObject({ leased: 3, visible: 1 });
});

test("credit adds up, and a subscriber that has used it up is pushed nothing", () => {
  const queue = new TestQueue();

  expect([queue.subscribe(FIRST, 2), queue.subscribe(FIRST, 3)]).toEqual([2, 5]);
  queue.putCount(7);
  expect(queue.receivedCounts()).toEqual({ [FIRST]: 5 });
  expect(queue.queue.nextEventAt).toBe(Number.POSITIVE_INFINITY);

  expect(queue.subscribe(FIRST, 1)).toBe(1);
  expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [6] }]);
});

test("pushed messages are leased as the last subscribe says, or as the queue is configured", () => {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { leaseMs: 30_000, maxAttempts: 0 } });
  queue.put({ body: 1 });

  queue.subscribe(FIRST, 2, 5_000);
  queue.now += 5_000;
  queue.queue.heard(FIRST);
  queue.run();
  expect(queue.received()).toEqual([
    { requestId: FIRST, bodies: [1] },
    { requestId: FIRST, bodies: [1] },
  ]);

  queue.now += 5_000;
  queue.queue.heard(FIRST);
  queue.subscribe(FIRST, 1);
  queue.now += 29_999;
  queue.run();
  expect(queue.describe()).toMatchObject({ leased: 1, visible: 0 });
  queue.now += 1;
  expect(queue.describe()).toMatchObject({ leased: 0, visible: 1 });
});

test("receives and subscriptions are served in order of arrival", () => {
  const queue = new TestQueue();
  queue.waitForMessages(FIRST);
  queue.subscribe(SECOND, 1);
  queue.waitForMessages(THIRD);

  queue.putOneByOne(1, 2, 3);

  expect(queue.received()).toEqual([
    { requestId: FIRST, bodies: [1] },
    { requestId: SECOND, bodies: [2] },
    { requestId: THIRD, bodies: [3] },
  ]);
});

test("a subscriber that was served goes to the end of the wait queue", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 10);
  queue.waitForMessages(SECOND);
  queue.subscribe(THIRD, 10);

  queue.putOneByOne(1, 2, 3, 4, 5);

  expect(queue.received().map(({ requestId }) => requestId)).toEqual([FIRST, SECOND, THIRD, FIRST, THIRD]);
});

test("a subscriber that grants more while it waits keeps its place, one that had no credit left comes to the end", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1);
  queue.subscribe(SECOND, 1);
  queue.subscribe(FIRST, 1);
  queue.putOneByOne(1, 2, 3);
  expect(queue.received().map(({ requestId }) => requestId)).toEqual([FIRST, SECOND, FIRST]);

  queue.subscribe(SECOND, 1);
  queue.subscribe(FIRST, 1);
  queue.putOneByOne(4, 5);
  expect(queue.received().map(({ requestId }) => requestId)).toEqual([SECOND, FIRST]);
});

test("the queue tells the credit, lease time and hearing deadline of a subscription", () => {
  const queue = new TestQueue();
  expect(queue.queue.subscription(FIRST)).toBeUndefined();

  queue.subscribe(FIRST, 3);
  expect(queue.queue.subscription(FIRST)).toMatchObject({ credit: 3, leaseMs: undefined, hearBy: undefined });

  queue.subscribe(FIRST, 2, 7_000);
  queue.putCount(2);
  expect(queue.queue.subscription(FIRST)).toMatchObject({ credit: 3, leaseMs: 7_000, hearBy: queue.now + 7_000 });

  queue.queue.heard(FIRST);
  expect(queue.queue.subscription(FIRST)).toMatchObject({ credit: 3, hearBy: undefined });

  queue.run({ verb: "unsubscribe", subscriber: FIRST });
  expect(queue.queue.subscription(FIRST)).toBeUndefined();
});

test("receives and subscriptions that are restored by request id and position are served in the same order", () => {
  const queue = new TestQueue();
  for (const subscriber of [1, 2, 3, 4]) queue.subscribe(subscriber, 10);
  queue.waitForMessages(11);
  queue.putOneByOne(1, 2, 3);
  queue.subscribe(5, 10);
  queue.waitForMessages(12);
  queue.putOneByOne(4);
  queue.received();

  const order = [11, 1, 2, 3, 5, 12, 4];
  const positionOf = (id: number) => queue.queue.subscription(id)?.position ?? id;
  const byPosition = order.toSorted((a, b) => positionOf(a) - positionOf(b));
  expect(byPosition).toEqual(order);

  queue.putOneByOne(5, 6, 7, 8, 9, 10, 11);
  expect(queue.received().map(({ requestId }) => requestId)).toEqual(order);
});

test("a subscription that is granted more credit while it waits keeps its position", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1);
  const before = queue.queue.subscription(FIRST)?.position;

  queue.subscribe(SECOND, 1);
  queue.subscribe(FIRST, 1);

  expect(queue.queue.subscription(FIRST)?.position).toBe(before);
});

test("a group that is at its limit is not pushed before one of its messages is gone", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 10);
  queue.subscribe(SECOND, 10);

  const [first = ""] = queue.put({ body: 1, group: "a" }, { body: 2, group: "a" }, { body: 3, group: "b" });
  expect(queue.received()).toEqual([
    { requestId: FIRST, bodies: [1] },
    { requestId: SECOND, bodies: [3] },
  ]);

  queue.run({ verb: "cancel", id: first });
  expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [2] }]);
});

test("nothing is pushed while receives are paused", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 10);
  queue.run({ verb: "pause", paused: { receives: true } });
  queue.putOneByOne(1, 2);
  expect(queue.received()).toEqual([]);

  queue.run({ verb: "pause", paused: { receives: false } });
  expect(queue.received()).toEqual([{ requestId: FIRST, bodies: [1, 2] }]);
});

test("an unsubscribe is answered with the credit that was left, and nothing is pushed after it", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 5);
  queue.putOneByOne(1, 2);
  queue.received();

  expect(queue.run({ verb: "unsubscribe", subscriber: FIRST })).toEqual({ verb: "unsubscribe", credit: 3 });
  queue.putOneByOne(3, 4);

  expect(queue.received()).toEqual([]);
  expect(queue.run({ verb: "unsubscribe", subscriber: FIRST })).toEqual({ verb: "unsubscribe", credit: 0 });
  expect(queue.subscribe(FIRST, 1)).toBe(1);
});
