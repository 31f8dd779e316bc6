import { expect, test } from "vitest";
import { BATCH_BYTES_MAX } from "../../src/contract/limits.ts";
import type { Delivery, Result } from "../../src/queue/base/commands.ts";
import { bodiesOf, TestQueue } from "../support/core/test-queue.ts";

/** Request ids of commands that wait, or the numbers of subscribers. */
const [FIRST, SECOND, THIRD] = [101, 102, 103];

test("subscribers with large credit share equally what there is", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1_000);
  queue.subscribe(SECOND, 1_000);

  queue.putCount(100);
  expect(queue.receivedCounts()).toEqual({ [FIRST]: 50, [SECOND]: 50 });

  queue.subscribe(THIRD, 1_000);
  queue.putCount(300);
  expect(queue.receivedCounts()).toEqual({ [FIRST]: 100, [SECOND]: 100, [THIRD]: 100 });
});

test("what is left when the shares are taken goes to the first in the wait queue", () => {
  const queue = new TestQueue();
  for (const subscriber of [FIRST, SECOND, THIRD]) queue.subscribe(subscriber, 1_000);

  queue.putCount(100);

  expect(queue.received().map(({ requestId, bodies }) => [requestId, bodies?.length])).toEqual([
    [FIRST, 33],
    [SECOND, 33],
    [THIRD, 33],
    [FIRST, 1],
  ]);
});

test("what one receiver cannot take goes to the others", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1_000);
  queue.subscribe(SECOND, 10);
  queue.waitForMessages(THIRD, 5);

  queue.putCount(100);

  expect(queue.receivedCounts()).toEqual({ [FIRST]: 85, [SECOND]: 10, [THIRD]: 5 });
});

test("fewer messages than there are subscribers go to those that have waited longest", () => {
  const queue = new TestQueue();
  for (const subscriber of [FIRST, SECOND, THIRD]) queue.subscribe(subscriber, 10);

  queue.putCount(2);
  expect(queue.receivedCounts()).toEqual({ [FIRST]: 1, [SECOND]: 1 });
  queue.putCount(2);
  expect(queue.receivedCounts()).toEqual({ [THIRD]: 1, [FIRST]: 1 });
});

test("a large credit does not keep messages from a receiver that came later", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1_000);
  queue.waitForMessages(SECOND, 10);

  queue.putCount(20);

  expect(queue.receivedCounts()).toEqual({ [FIRST]: 10, [SECOND]: 10 });
});

const LARGE = "x".repeat(1_000_000);

test("no more than about 8 MiB are pushed between two grants, whatever the credit", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1_000);
  for (let put = 0; put < 5; put += 1) queue.put({ body: LARGE });
  for (let put = 0; put < 3; put += 1) queue.put(...Array.from({ length: 5 }, () => ({ body: LARGE })));

  // The one with which the bound is passed is the last.
  const most = Math.ceil(BATCH_BYTES_MAX / LARGE.length);
  expect(queue.receivedCounts()).toEqual({ [FIRST]: most });
  expect(queue.queue.nextEventAt).toBe(Number.POSITIVE_INFINITY);

  expect(queue.subscribe(FIRST, 1)).toBe(1_000 - most + 1);
  expect(queue.receivedCounts()).toEqual({ [FIRST]: most });
});

test("messages pushed one by one count towards the 8 MiB of the push that follows", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1_000);
  for (let put = 0; put < 8; put += 1) queue.put({ body: LARGE });

  queue.run({ verb: "pause", paused: { receives: true } });
  for (let put = 0; put < 8; put += 1) queue.put({ body: LARGE });
  queue.run({ verb: "pause", paused: { receives: false } });

  expect(queue.receivedCounts()).toEqual({ [FIRST]: Math.ceil(BATCH_BYTES_MAX / LARGE.length) });
});

test("a subscriber that has 8 MiB to take in keeps nothing from others", () => {
  const queue = new TestQueue();
  queue.subscribe(FIRST, 1_000);
  for (let put = 0; put < 10; put += 1) queue.put({ body: LARGE });
  queue.received();

  queue.put({ body: "small" });

  expect(bodiesOf(deliveriesOf(queue.waitForMessages(SECOND, 10)))).toEqual([LARGE, "small"]);
});

function deliveriesOf(result: Result | undefined): Delivery[] {
  if (result?.verb !== "receive") throw new Error(`The receive was answered ${JSON.stringify(result)}.`);
  return result.deliveries;
}
