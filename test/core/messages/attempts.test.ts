import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../src/queue/base/commands.ts";
import { LEASE_MS, PushingQueue, retry, SUBSCRIBER } from "../../support/core/pushing-queue.ts";
import { receiptsOf } from "../../support/core/test-queue.ts";

describe("an attempt", () => {
  test("is not counted when a pushed message's lease ends before a handler began, however often", () => {
    const queue = new PushingQueue();
    queue.run({ verb: "configure", changes: { maxAttempts: 1 } });
    queue.put({ body: 1 });

    for (let lease = 1; lease <= 5; lease += 1) {
      queue.subscribe(SUBSCRIBER, 1);
      expect(queue.pushed()).toMatchObject([{ attempt: 1, lease: { receipt: `0.i-1-0-${lease}` } }]);
      expect(queue.attempts()).toEqual([0]);
      queue.now += LEASE_MS;
      expect(queue.describe()).toMatchObject({ visible: 1, leased: 0, dead: 0, delayed: 0 });
    }
  });

  test("is counted when a handler began: when the lease ends, the queue's delay follows", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 1);

    expect(queue.begin(queue.pushed())).toEqual([]);
    const attempts = queue.attempts();
    queue.now += LEASE_MS;

    expect(attempts).toEqual([1]);
    expect(queue.describe()).toMatchObject({ delayed: 1 });
    queue.now += 1_000;
    queue.subscribe(SUBSCRIBER, 1);
    expect(queue.pushed()).toMatchObject([{ attempt: 2, lease: { receipt: "0.i-1-0-2" } }]);
  });

  test("is begun once, however often the client reports it, and not by a receipt whose lease is over", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 1);
    const first = queue.pushed();
    queue.now += LEASE_MS;
    queue.subscribe(SUBSCRIBER, 1);
    const second = queue.pushed();

    expect(queue.begin(first)).toEqual(receiptsOf(first));
    expect([queue.begin(second), queue.begin(second)]).toEqual([[], []]);
    expect(queue.attempts()).toEqual([1]);
  });

  test("is counted at once for all that a receive hands out", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });

    queue.receive(1, LEASE_MS);
    const attempts = queue.attempts();
    queue.now += LEASE_MS;

    expect(attempts).toEqual([1]);
    expect(queue.describe()).toMatchObject({ delayed: 1 });
  });

  test("is counted for a message that failed, though its begin was not reported", () => {
    const queue = new PushingQueue();
    queue.run({ verb: "configure", changes: { maxAttempts: 1 } });
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 1);

    queue.run(retry(queue.pushed(), true));

    expect(queue.describe()).toMatchObject({ dead: 1 });
    expect(queue.attempts()).toEqual([1]);
  });

  test("is not counted for a message that is given back unbegun, whatever was reported before", () => {
    const queue = new PushingQueue();
    queue.run({ verb: "configure", changes: { maxAttempts: 1 } });
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 2);

    const first = queue.pushed();
    queue.begin(first);
    queue.run(retry(first, false));
    const second = queue.pushed();
    queue.run(retry(second, false));
    queue.subscribe(SUBSCRIBER, 1);

    expect([...second, ...queue.pushed()]).toMatchObject([{ attempt: 1 }, { attempt: 1 }]);
    expect(queue.attempts()).toEqual([0]);
  });

  test("outlives an extension of its lease as what it was, begun or not", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 }, { body: 2 });
    queue.subscribe(SUBSCRIBER, 2);
    const [one, two] = queue.pushed() as [Delivery, Delivery];
    queue.begin([one]);

    queue.run({ verb: "extend", receipts: receiptsOf([one, two]), leaseMs: 2 * LEASE_MS });

    expect(queue.attempts()).toEqual([1, 0]);
  });

  test("goes on counting after a redrive, and all of them are before the message again", () => {
    const queue = new PushingQueue();
    queue.run({ verb: "configure", changes: { maxAttempts: 2, retryDelayMs: 0 } });
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 1);
    queue.pushed();
    queue.now += LEASE_MS;
    const fail = () => {
      queue.subscribe(SUBSCRIBER, 1);
      const pushed = queue.pushed();
      queue.run(retry(pushed, true));
      return pushed[0]?.attempt;
    };

    const before = [fail(), fail()];
    const dead = queue.describe().dead;
    queue.run({ verb: "redrive", max: 10 });
    const after = [fail(), queue.describe().dead, fail(), queue.describe().dead];

    expect([before, dead, after]).toEqual([[1, 2], 1, [3, 0, 4, 1]]);
    expect(queue.attempts()).toEqual([4]);
  });

  test("that was never begun is in no dead letter that goes to another queue", () => {
    const queue = new PushingQueue();
    queue.run({ verb: "configure", changes: { deadLetterQueue: "dead", maxAttempts: 1 } });
    queue.put({ body: 1 });
    queue.subscribe(SUBSCRIBER, 1);
    queue.pushed();
    queue.now += LEASE_MS;
    queue.subscribe(SUBSCRIBER, 1);

    queue.run(retry(queue.pushed(), true));

    expect(queue.outbound()).toMatchObject([{ messages: [{ deadLetter: { attempts: 1 } }] }]);
  });

  test("is one of ten by default, and the delays between them grow", () => {
    const queue = new PushingQueue();
    queue.put({ body: 1 });

    const delays: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt += 1) {
      queue.receive(1, LEASE_MS);
      queue.now += LEASE_MS;
      const endedAt = queue.now;
      for (queue.run(); queue.describe().visible === 0; queue.now = Math.ceil(queue.now + 100));
      delays.push(queue.now - endedAt);
    }
    queue.receive(1, LEASE_MS);
    queue.now += LEASE_MS;

    expect(queue.describe()).toMatchObject({ dead: 1 });
    for (const [index, delay] of delays.entries()) {
      const longest = 1_000 * 2 ** index;
      expect(delay).toBeGreaterThanOrEqual(longest / 2);
      expect(delay).toBeLessThanOrEqual(longest + 100);
    }
  });
});
