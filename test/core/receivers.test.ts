import { expect, test } from "vitest";
import { BATCH_BYTES_MAX } from "../../src/contract/limits.ts";
import type { Command, Delivery, Result } from "../../src/queue/base/commands.ts";
import { ToldQueue } from "../support/told-queue.ts";

/** Who waits: the request id of a command, or the number of a subscriber. */
const [ANN, BEN, CAT] = [101, 102, 103];
const FOREVER = Number.POSITIVE_INFINITY;

/** A queue for which others wait, and what they hear of it. */
class AwaitedQueue extends ToldQueue {
  #heard: { requestId: number; result: Result }[] = [];

  override tell(command?: Command, requestId = 1): Result | undefined {
    this.queue.advance(this.now);
    if (command !== undefined) this.queue.apply(requestId, command, this.now);
    const commit = this.queue.takeCommit();
    if (commit !== undefined) this.rows.write(commit);
    const answers = this.queue.takeResults();
    const own = answers.find((answer) => answer.requestId === requestId && answer.result.verb !== "push");
    this.#heard.push(...answers.filter((answer) => answer !== own));
    return own?.result;
  }

  /** Answers how much credit there is then. */
  subscribe(subscriber: number, credit: number, leaseMs?: number): number {
    const result = this.tell({ verb: "subscribe", subscriber, credit, leaseMs });
    if (result?.verb !== "subscribe") throw new Error(`The subscription was answered ${JSON.stringify(result)}.`);
    return result.credit;
  }

  waitForMessages(requestId: number, max = 1, timeoutMs = FOREVER): Result | undefined {
    return this.tell({ verb: "receive", max, leaseMs: 60_000, timeoutMs, autoAck: false }, requestId);
  }

  waitForRoom(requestId: number, bodies: number[], idempotencyKey?: string): Result | undefined {
    const messages = bodies.map((body) => ({ content: `"body":${body}`, priority: 100, delayMs: 0 }));
    return this.tell({ verb: "put", messages, timeoutMs: FOREVER, idempotencyKey }, requestId);
  }

  waitUntilDone(requestId: number): Result | undefined {
    return this.tell({ verb: "join", timeoutMs: FOREVER }, requestId);
  }

  putOneByOne(...bodies: unknown[]): void {
    for (const body of bodies) this.put({ body });
  }

  putAtOnce(count: number): void {
    this.put(...Array.from({ length: count }, (_, index) => ({ body: index + 1 })));
  }

  /** What those who wait were told since this was last asked: the bodies of messages, or the code of a refusal. */
  heard(): { requestId: number; bodies?: unknown[]; code?: string }[] {
    return this.#heard.splice(0).map(({ requestId, result }) => {
      if (result.verb === "push" || result.verb === "receive")
        return { requestId, bodies: bodiesOf(result.deliveries) };
      return result.verb === "refused" ? { requestId, code: result.code } : { requestId, ...result };
    });
  }

  /** How many messages each was given since this was last asked. */
  shares(): Record<number, number> {
    const shares: Record<number, number> = {};
    for (const { requestId, bodies } of this.heard())
      shares[requestId] = (shares[requestId] ?? 0) + (bodies?.length ?? 0);
    return shares;
  }
}

function bodiesOf(deliveries: Delivery[]): unknown[] {
  return deliveries.map(({ payload }) => (JSON.parse(payload) as { body: unknown }).body);
}

/** Full, with one message in it. */
function fullQueue(): AwaitedQueue {
  const queue = new AwaitedQueue();
  queue.tell({ verb: "configure", changes: { maxSize: 1 } });
  queue.put({ body: 0 });
  return queue;
}

test("what is visible, or becomes so, is pushed to a subscriber, never beyond its credit", () => {
  const queue = new AwaitedQueue();
  queue.putOneByOne(1, 2);

  queue.subscribe(ANN, 3);
  queue.putOneByOne(3, 4);

  expect(queue.heard()).toEqual([
    { requestId: ANN, bodies: [1, 2] },
    { requestId: ANN, bodies: [3] },
  ]);
  expect(queue.describe()).toMatchObject({ leased: 3, visible: 1 });
});

test("credit adds up, and whoever has used it up waits for none", () => {
  const queue = new AwaitedQueue();

  expect([queue.subscribe(ANN, 2), queue.subscribe(ANN, 3)]).toEqual([2, 5]);
  queue.putAtOnce(7);
  expect(queue.shares()).toEqual({ [ANN]: 5 });
  expect(queue.queue.nextEventAt).toBe(FOREVER);

  expect(queue.subscribe(ANN, 1)).toBe(1);
  expect(queue.heard()).toEqual([{ requestId: ANN, bodies: [6] }]);
});

test("what is pushed is leased as the subscriber has asked last, or as the queue is configured", () => {
  const queue = new AwaitedQueue();
  queue.tell({ verb: "configure", changes: { leaseMs: 30_000, redelivery: { maxAttempts: 0 } } });
  queue.put({ body: 1 });

  queue.subscribe(ANN, 2, 5_000);
  queue.now += 5_000;
  queue.queue.heard(ANN);
  queue.tell();
  expect(queue.heard()).toEqual([
    { requestId: ANN, bodies: [1] },
    { requestId: ANN, bodies: [1] },
  ]);

  queue.now += 5_000;
  queue.queue.heard(ANN);
  queue.subscribe(ANN, 1);
  queue.now += 29_999;
  queue.tell();
  expect(queue.describe()).toMatchObject({ leased: 1, visible: 0 });
  queue.now += 1;
  expect(queue.describe()).toMatchObject({ leased: 0, visible: 1 });
});

test("messages come to those who wait in order of arrival, for one answer or for pushes", () => {
  const queue = new AwaitedQueue();
  queue.waitForMessages(ANN);
  queue.subscribe(BEN, 1);
  queue.waitForMessages(CAT);

  queue.putOneByOne(1, 2, 3);

  expect(queue.heard()).toEqual([
    { requestId: ANN, bodies: [1] },
    { requestId: BEN, bodies: [2] },
    { requestId: CAT, bodies: [3] },
  ]);
});

test("a subscriber that was served goes to the end of the wait queue", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 10);
  queue.waitForMessages(BEN);
  queue.subscribe(CAT, 10);

  queue.putOneByOne(1, 2, 3, 4, 5);

  expect(queue.heard().map(({ requestId }) => requestId)).toEqual([ANN, BEN, CAT, ANN, CAT]);
});

test("who grants more while waiting keeps the place in the wait queue, who had no credit left comes to its end", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1);
  queue.subscribe(BEN, 1);
  queue.subscribe(ANN, 1);
  queue.putOneByOne(1, 2, 3);
  expect(queue.heard().map(({ requestId }) => requestId)).toEqual([ANN, BEN, ANN]);

  queue.subscribe(BEN, 1);
  queue.subscribe(ANN, 1);
  queue.putOneByOne(4, 5);
  expect(queue.heard().map(({ requestId }) => requestId)).toEqual([BEN, ANN]);
});

test("the queue tells the credit, lease time and hearing deadline of a subscription", () => {
  const queue = new AwaitedQueue();
  expect(queue.queue.subscription(ANN)).toBeUndefined();

  queue.subscribe(ANN, 3);
  expect(queue.queue.subscription(ANN)).toMatchObject({ credit: 3, leaseMs: undefined, hearBy: undefined });

  queue.subscribe(ANN, 2, 7_000);
  queue.putAtOnce(2);
  expect(queue.queue.subscription(ANN)).toMatchObject({ credit: 3, leaseMs: 7_000, hearBy: queue.now + 7_000 });

  queue.queue.heard(ANN);
  expect(queue.queue.subscription(ANN)).toMatchObject({ credit: 3, hearBy: undefined });

  queue.tell({ verb: "unsubscribe", subscriber: ANN });
  expect(queue.queue.subscription(ANN)).toBeUndefined();
});

test("receives and subscriptions that are restored by request id and position are served in the same order", () => {
  const queue = new AwaitedQueue();
  for (const subscriber of [1, 2, 3, 4]) queue.subscribe(subscriber, 10);
  queue.waitForMessages(11);
  queue.putOneByOne(1, 2, 3);
  queue.subscribe(5, 10);
  queue.waitForMessages(12);
  queue.putOneByOne(4);
  queue.heard();

  const order = [11, 1, 2, 3, 5, 12, 4];
  const positionOf = (id: number) => queue.queue.subscription(id)?.position ?? id;
  const byPosition = order.toSorted((a, b) => positionOf(a) - positionOf(b));
  expect(byPosition).toEqual(order);

  queue.putOneByOne(5, 6, 7, 8, 9, 10, 11);
  expect(queue.heard().map(({ requestId }) => requestId)).toEqual(order);
});

test("a subscription that is granted more credit while it waits keeps its position", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1);
  const before = queue.queue.subscription(ANN)?.position;

  queue.subscribe(BEN, 1);
  queue.subscribe(ANN, 1);

  expect(queue.queue.subscription(ANN)?.position).toBe(before);
});

test("subscribers with large credit share equally what there is", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1_000);
  queue.subscribe(BEN, 1_000);

  queue.putAtOnce(100);
  expect(queue.shares()).toEqual({ [ANN]: 50, [BEN]: 50 });

  queue.subscribe(CAT, 1_000);
  queue.putAtOnce(300);
  expect(queue.shares()).toEqual({ [ANN]: 100, [BEN]: 100, [CAT]: 100 });
});

test("what is left when the shares are taken goes to the first in the wait queue", () => {
  const queue = new AwaitedQueue();
  for (const subscriber of [ANN, BEN, CAT]) queue.subscribe(subscriber, 1_000);

  queue.putAtOnce(100);

  expect(queue.heard().map(({ requestId, bodies }) => [requestId, bodies?.length])).toEqual([
    [ANN, 33],
    [BEN, 33],
    [CAT, 33],
    [ANN, 1],
  ]);
});

test("what one cannot take goes to the others", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1_000);
  queue.subscribe(BEN, 10);
  queue.waitForMessages(CAT, 5);

  queue.putAtOnce(100);

  expect(queue.shares()).toEqual({ [ANN]: 85, [BEN]: 10, [CAT]: 5 });
});

test("fewer messages than there are subscribers go to those who have waited for longest", () => {
  const queue = new AwaitedQueue();
  for (const subscriber of [ANN, BEN, CAT]) queue.subscribe(subscriber, 10);

  queue.putAtOnce(2);
  expect(queue.shares()).toEqual({ [ANN]: 1, [BEN]: 1 });
  queue.putAtOnce(2);
  expect(queue.shares()).toEqual({ [CAT]: 1, [ANN]: 1 });
});

test("a large credit does not keep messages from a receiver that came later", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1_000);
  queue.waitForMessages(BEN, 10);

  queue.putAtOnce(20);

  expect(queue.shares()).toEqual({ [ANN]: 10, [BEN]: 10 });
});

test("a group that is at its limit is pushed to nobody before one of its messages is gone", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 10);
  queue.subscribe(BEN, 10);

  const [first = ""] = queue.put({ body: 1, group: "a" }, { body: 2, group: "a" }, { body: 3, group: "b" });
  expect(queue.heard()).toEqual([
    { requestId: ANN, bodies: [1] },
    { requestId: BEN, bodies: [3] },
  ]);

  queue.tell({ verb: "cancel", id: first });
  expect(queue.heard()).toEqual([{ requestId: ANN, bodies: [2] }]);
});

test("nothing is pushed while receives are paused", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 10);
  queue.tell({ verb: "pause", paused: { receives: true } });
  queue.putOneByOne(1, 2);
  expect(queue.heard()).toEqual([]);

  queue.tell({ verb: "pause", paused: { receives: false } });
  expect(queue.heard()).toEqual([{ requestId: ANN, bodies: [1, 2] }]);
});

const LARGE = "x".repeat(1_000_000);

test("whatever the credit, no more than about 8 MiB are pushed between two grants", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1_000);
  for (let put = 0; put < 5; put += 1) queue.put({ body: LARGE });
  for (let put = 0; put < 3; put += 1) queue.put(...Array.from({ length: 5 }, () => ({ body: LARGE })));

  // The one with which the bound is passed is the last.
  const most = Math.ceil(BATCH_BYTES_MAX / LARGE.length);
  expect(queue.shares()).toEqual({ [ANN]: most });
  expect(queue.queue.nextEventAt).toBe(FOREVER);

  expect(queue.subscribe(ANN, 1)).toBe(1_000 - most + 1);
  expect(queue.shares()).toEqual({ [ANN]: most });
});

test("what was pushed one by one counts towards the 8 MiB of the push that follows", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1_000);
  for (let put = 0; put < 8; put += 1) queue.put({ body: LARGE });

  queue.tell({ verb: "pause", paused: { receives: true } });
  for (let put = 0; put < 8; put += 1) queue.put({ body: LARGE });
  queue.tell({ verb: "pause", paused: { receives: false } });

  expect(queue.shares()).toEqual({ [ANN]: Math.ceil(BATCH_BYTES_MAX / LARGE.length) });
});

test("a subscriber that has to take in what it got keeps nothing from the others", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1_000);
  for (let put = 0; put < 10; put += 1) queue.put({ body: LARGE });
  queue.heard();

  queue.put({ body: "small" });

  expect(bodiesOf(deliveriesOf(queue.waitForMessages(BEN, 10)))).toEqual([LARGE, "small"]);
});

test("whoever unsubscribes hears how much credit was left, and nothing after that", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 5);
  queue.putOneByOne(1, 2);
  queue.heard();

  expect(queue.tell({ verb: "unsubscribe", subscriber: ANN })).toEqual({ verb: "unsubscribe", credit: 3 });
  queue.putOneByOne(3, 4);

  expect(queue.heard()).toEqual([]);
  expect(queue.tell({ verb: "unsubscribe", subscriber: ANN })).toEqual({ verb: "unsubscribe", credit: 0 });
  expect(queue.subscribe(ANN, 1)).toBe(1);
});

test("a receive that is stopped is answered with nothing, and gets nothing later", () => {
  const queue = new AwaitedQueue();
  queue.waitForMessages(ANN);
  queue.waitForMessages(BEN);

  expect(queue.tell({ verb: "cancel_wait", requestIds: [ANN] })).toEqual({ verb: "cancel_wait", ended: 1 });
  queue.put({ body: 1 });

  expect(queue.heard()).toEqual([
    { requestId: ANN, bodies: [] },
    { requestId: BEN, bodies: [1] },
  ]);
});

test("a put that is stopped is refused as where its time is over, and is not made", () => {
  const queue = fullQueue();
  queue.waitForRoom(ANN, [1]);

  expect(queue.tell({ verb: "cancel_wait", requestIds: [ANN] })).toEqual({ verb: "cancel_wait", ended: 1 });

  expect(queue.heard()).toEqual([{ requestId: ANN, code: "full" }]);
  expect([queue.receive(10), queue.receive(10)]).toEqual([[0], []]);
});

test("a join that is stopped hears that not everything is finished", () => {
  const queue = fullQueue();
  queue.waitUntilDone(ANN);

  expect(queue.tell({ verb: "cancel_wait", requestIds: [ANN] })).toEqual({ verb: "cancel_wait", ended: 1 });
  queue.tell({ verb: "purge" });

  expect(queue.heard()).toEqual([{ requestId: ANN, verb: "join", finished: false }]);
});

test("what is answered, or was never asked, is not stopped", () => {
  const queue = new AwaitedQueue();
  queue.waitForMessages(ANN);
  queue.put({ body: 1 });
  queue.heard();

  expect(queue.tell({ verb: "cancel_wait", requestIds: [ANN, BEN] })).toEqual({ verb: "cancel_wait", ended: 0 });
  expect(queue.heard()).toEqual([]);
});

test("a subscription is ended by its end, not by a stop", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 5);

  expect(queue.tell({ verb: "cancel_wait", requestIds: [ANN] })).toEqual({ verb: "cancel_wait", ended: 0 });
  queue.put({ body: 1 });

  expect(queue.heard()).toEqual([{ requestId: ANN, bodies: [1] }]);
});

test("when one try of a put is stopped, its other tries go on waiting", () => {
  const queue = fullQueue();
  queue.waitForRoom(ANN, [1], "key");
  queue.waitForRoom(BEN, [1], "key");

  expect(queue.tell({ verb: "cancel_wait", requestIds: [ANN] })).toEqual({ verb: "cancel_wait", ended: 1 });
  queue.receive(1);

  expect(queue.heard()).toMatchObject([
    { requestId: ANN, code: "full" },
    { requestId: BEN, ids: [expect.any(String)] },
  ]);
});

test("a put that is stopped keeps nobody behind it out", () => {
  const queue = new AwaitedQueue();
  queue.tell({ verb: "configure", changes: { maxSize: 2 } });
  queue.put({ body: 0 });
  queue.waitForRoom(ANN, [1, 2]);
  queue.waitForRoom(BEN, [3]);

  queue.tell({ verb: "cancel_wait", requestIds: [ANN] });

  expect(queue.heard()).toMatchObject([
    { requestId: ANN, code: "full" },
    { requestId: BEN, ids: [expect.any(String)] },
  ]);
});

test("those who leave are told nothing and are given nothing", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 5);
  queue.waitForMessages(BEN);
  queue.put({ body: 1, delayMs: 1_000 });
  queue.waitUntilDone(CAT);

  queue.queue.leave(new Set([BEN, CAT]), ANN);
  queue.now += 1_000;

  expect(queue.receive(10)).toEqual([1]);
  queue.tell({ verb: "purge" });
  expect(queue.heard()).toEqual([]);
  expect(queue.tell({ verb: "unsubscribe", subscriber: ANN })).toEqual({ verb: "unsubscribe", credit: 0 });
});

test("what those who left had waited to put is not put", () => {
  const queue = fullQueue();
  queue.waitForRoom(ANN, [1]);
  queue.waitForRoom(BEN, [2]);

  queue.queue.leave(new Set([ANN]), CAT);

  expect([queue.receive(10), queue.receive(10), queue.receive(10)]).toEqual([[0], [2], []]);
  expect(queue.heard()).toMatchObject([{ requestId: BEN, ids: [expect.any(String)] }]);
});

test("a put that is tried again when its first try has left waits anew", () => {
  const queue = fullQueue();
  queue.waitForRoom(ANN, [1], "key");
  queue.queue.leave(new Set([ANN]), CAT);

  queue.waitForRoom(BEN, [1], "key");
  queue.receive(1);

  expect(queue.heard()).toMatchObject([{ requestId: BEN, ids: [expect.any(String)] }]);
});

test("a put of which one try has left is made for the others", () => {
  const queue = fullQueue();
  queue.waitForRoom(ANN, [1], "key");
  queue.waitForRoom(BEN, [1], "key");

  queue.queue.leave(new Set([ANN]), CAT);
  queue.receive(1);

  expect(queue.heard()).toMatchObject([{ requestId: BEN, ids: [expect.any(String)] }]);
});

test("whoever stays is served in the place of those who left", () => {
  const queue = new AwaitedQueue();
  queue.waitForMessages(ANN);
  queue.subscribe(BEN, 1);
  queue.waitForMessages(CAT);

  queue.queue.leave(new Set([ANN]), BEN);
  queue.put({ body: 1 });

  expect(queue.heard()).toEqual([{ requestId: CAT, bodies: [1] }]);
});

test("when nothing will come any more, subscribers hear so, with credit or without", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 1);
  queue.subscribe(BEN, 10);
  queue.putOneByOne(1, 2);
  queue.heard();

  queue.tell({ verb: "shutdown", immediate: false });
  expect(queue.heard()).toEqual([]);
  queue.tell({ verb: "purge" });
  expect(queue.heard()).toEqual([
    { requestId: ANN, code: "shut_down" },
    { requestId: BEN, code: "shut_down" },
  ]);

  expect(queue.tell({ verb: "subscribe", subscriber: CAT, credit: 1 })).toMatchObject({ code: "shut_down" });
  expect(queue.tell({ verb: "unsubscribe", subscriber: BEN })).toEqual({ verb: "unsubscribe", credit: 0 });
});

test("a subscription outlives the queue's deletion: what is put under the name later is pushed", () => {
  const queue = new AwaitedQueue();
  queue.subscribe(ANN, 2);
  queue.put({ body: 1 });
  queue.heard();

  queue.tell({ verb: "delete", nextGeneration: "next" });
  queue.rows.clear();
  expect(queue.heard()).toEqual([]);
  queue.put({ body: 2 });

  expect(queue.heard()).toEqual([{ requestId: ANN, bodies: [2] }]);
});

test("who waits without a deadline hears of a shutdown and a deletion as all others do", () => {
  const queue = fullQueue();
  queue.waitForRoom(ANN, [1]);
  queue.tell({ verb: "shutdown", immediate: false });
  expect(queue.heard()).toEqual([{ requestId: ANN, code: "shut_down" }]);

  const deleted = fullQueue();
  deleted.waitForRoom(ANN, [1]);
  deleted.waitUntilDone(BEN);
  deleted.tell({ verb: "delete", nextGeneration: "next" });
  expect(deleted.heard()).toEqual([
    { requestId: ANN, code: "unknown_queue" },
    { requestId: BEN, code: "unknown_queue" },
  ]);
});

test("a wait without a deadline calls for nobody's attention, but for what may become visible", () => {
  const queue = new AwaitedQueue();
  queue.waitForMessages(ANN);
  queue.subscribe(BEN, 1);
  expect(queue.queue).toMatchObject({ nextEventAt: FOREVER, hasDeadline: false });

  queue.put({ body: 1, delayMs: 7_000 });
  expect(queue.queue).toMatchObject({ nextEventAt: queue.now + 7_000, hasDeadline: false });

  queue.waitForMessages(CAT, 1, 2_000);
  expect(queue.queue).toMatchObject({ nextEventAt: queue.now + 2_000, hasDeadline: true });
});

function deliveriesOf(result: Result | undefined): Delivery[] {
  if (result?.verb !== "receive") throw new Error(`The receive was answered ${JSON.stringify(result)}.`);
  return result.deliveries;
}
