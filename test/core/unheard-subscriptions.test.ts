import { describe, expect, test } from "vitest";
import { LEASE_MS, OTHER_SUBSCRIBER, PushingQueue, SUBSCRIBER } from "../support/core/pushing-queue.ts";
import { TestQueue } from "../support/core/test-queue.ts";

describe("a subscription whose connection is not heard", () => {
  test("is pushed each message once, however many leases end; they go to others, with no attempt counted", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 }, { body: 2 }, { body: 3 });
    queue.subscribe(SUBSCRIBER, 10);

    for (let lease = 0; lease < 5; lease += 1) {
      queue.now += LEASE_MS;
      queue.run();
    }

    expect(queue.pushed(SUBSCRIBER)).toHaveLength(3);
    expect(queue.describe()).toMatchObject({ visible: 3, leased: 0 });
    expect(queue.queue.nextEventAt).toBe(Number.POSITIVE_INFINITY);
    queue.subscribe(OTHER_SUBSCRIBER, 10);
    expect(queue.pushed(OTHER_SUBSCRIBER)).toMatchObject([{ attempt: 1 }, { attempt: 1 }, { attempt: 1 }]);
  });

  test("is served again when it is heard, without a new subscribe", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 10);
    queue.now += LEASE_MS;
    queue.run();
    const before = queue.pushed();

    queue.queue.heard(SUBSCRIBER);
    queue.run();

    expect([before.length, queue.pushed().length]).toEqual([1, 1]);
  });

  test("waits for ever as long as nothing is pushed to it", () => {
    const queue = new PushingQueue();
    queue.subscribe(SUBSCRIBER, 1);
    queue.now += 100 * LEASE_MS;
    queue.run();

    queue.put({ body: 1 });

    expect(queue.pushed()).toHaveLength(1);
  });

  test("is unheard from the end of the first lease pushed since it was heard, whatever is pushed after that", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 10);
    queue.now += LEASE_MS - 1;
    queue.put({ body: 2 });
    const inTime = queue.pushed().length;
    queue.now += 1;

    queue.put({ body: 3 });

    expect([inTime, queue.pushed().length]).toEqual([2, 0]);
  });

  test("takes no share from those that wait with it", () => {
    const queue = new PushingQueue();
    queue.put({ body: 0 });
    queue.subscribe(SUBSCRIBER, 10);
    queue.subscribe(OTHER_SUBSCRIBER, 10);
    queue.now += LEASE_MS;
    queue.queue.heard(OTHER_SUBSCRIBER);

    queue.put(...[1, 2, 3].map((body) => ({ body })));

    expect(queue.pushed(OTHER_SUBSCRIBER)).toHaveLength(4);
  });

  test("is restored as unheard, and a new subscribe in its name does not change that", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });

    queue.run({ verb: "subscribe", subscriber: SUBSCRIBER, credit: 3, leaseMs: LEASE_MS, hearBy: queue.now });
    const unheard = queue.pushed().length;
    queue.run({ verb: "subscribe", subscriber: SUBSCRIBER, credit: 3, leaseMs: LEASE_MS });
    const asked = queue.pushed().length;
    queue.queue.heard(SUBSCRIBER);
    queue.run();

    expect([unheard, asked, queue.pushed().length]).toEqual([0, 0, 1]);
  });
});

test("the answer to a subscribe has the lease time of pushes and the queue's time", () => {
  const queue = new TestQueue();
  queue.run({ verb: "configure", changes: { leaseMs: 45_000 } });

  const configured = queue.run({ verb: "subscribe", subscriber: SUBSCRIBER, credit: 2 });
  const own = queue.run({ verb: "subscribe", subscriber: SUBSCRIBER, credit: 2, leaseMs: 5_000 });

  expect(configured).toEqual({ verb: "subscribe", credit: 2, leaseMs: 45_000, time: queue.now });
  expect(own).toEqual({ verb: "subscribe", credit: 4, leaseMs: 5_000, time: queue.now });
});
