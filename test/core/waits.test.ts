import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { type Place, WAITS_MAX, type Wait, WaitQueue, Waits } from "../../src/queue/waiting/waits.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;
const FOREVER = Number.POSITIVE_INFINITY;

function waitOf(...requestIds: number[]): Wait {
  return { kind: "receive", requestIds };
}

function idsOf(waits: readonly Pick<Wait, "requestIds">[]): number[] {
  return waits.flatMap(({ requestIds }) => requestIds);
}

function newQueue(): { waits: Waits; queue: WaitQueue<Wait> } {
  const waits = new Waits();
  return { waits, queue: new WaitQueue<Wait>(waits) };
}

test("waits are taken in order of arrival", () => {
  const { queue } = newQueue();
  for (const requestId of [3, 1, 2]) queue.add(waitOf(requestId), 100);

  expect([queue.first(), queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([
    ...[waitOf(3), waitOf(3), waitOf(1), waitOf(2)],
    undefined,
  ]);
});

test("a wait that expired is not served, and a wait that was served does not expire", () => {
  const { waits, queue } = newQueue();
  queue.add(waitOf(1), 30);
  queue.add(waitOf(2), 10);
  queue.add(waitOf(3), 20);

  expect(idsOf(waits.expire(10))).toEqual([2]);
  expect(queue.shift()).toEqual(waitOf(1));
  expect(waits.nextDeadline).toBe(20);
  expect(idsOf(waits.expire(100))).toEqual([3]);
  expect(queue.isEmpty).toBe(true);
});

test("a wait without a deadline does not expire, and is taken with all others", () => {
  const { waits, queue } = newQueue();
  queue.add(waitOf(1));
  queue.add(waitOf(2), 10);
  waits.setDeadline(queue.add(waitOf(3), 20), FOREVER);

  expect(idsOf(waits.expire(1_000_000))).toEqual([2]);
  expect(waits.nextDeadline).toBe(FOREVER);
  expect(idsOf(queue.takeAll())).toEqual([1, 3]);
  expect(queue.isEmpty).toBe(true);
});

test("waits of several wait queues expire together, the earliest deadline first", () => {
  const { waits, queue } = newQueue();
  const joins = new WaitQueue<Wait>(waits);
  queue.add(waitOf(1), 30);
  joins.add({ kind: "join", requestIds: [2] }, 10);
  queue.add(waitOf(3), 20);

  expect(waits.nextDeadline).toBe(10);
  expect(waits.expire(25).map(({ kind, requestIds }) => [kind, ...requestIds])).toEqual([
    ["join", 2],
    ["receive", 3],
  ]);
  expect([joins.isEmpty, queue.size]).toEqual([true, 1]);
});

test("a wait ends by its request id in whatever wait queue it is, if its kind is meant", () => {
  const { waits, queue } = newQueue();
  const redrives = new WaitQueue<Wait>(waits);
  queue.add(waitOf(1));
  redrives.add({ kind: "redrive", requestIds: [2] });

  expect(waits.end([1, 2, 3], (kind) => kind !== "redrive")).toEqual([waitOf(1)]);
  expect([queue.isEmpty, redrives.isEmpty]).toEqual([true, false]);
  expect(waits.end([1, 2, 3])).toEqual([{ kind: "redrive", requestIds: [2] }]);
  expect(redrives.isEmpty).toBe(true);
});

test("a put goes on waiting while one of its tries does", () => {
  const { waits, queue } = newQueue();
  const place = queue.add({ kind: "put", requestIds: [1] }, 10);
  waits.addTry(place, 2);

  expect(idsOf(waits.end([1]))).toEqual([1]);
  expect(queue.first()).toEqual({ kind: "put", requestIds: [2] });
  expect(idsOf(waits.end([1, 2]))).toEqual([2]);
  expect(queue.isEmpty).toBe(true);
  expect(waits.nextDeadline).toBe(FOREVER);
});

test("a put may be tried 60,000 times: another try costs no copy of the others", () => {
  const { waits, queue } = newQueue();
  const place = queue.add({ kind: "put", requestIds: [0] }, 10);

  for (let requestId = 1; requestId < 60_000; requestId += 1) waits.addTry(place, requestId);

  expect(idsOf(waits.expire(10)).length).toBe(60_000);
});

test("the owner of a wait queue learns of each wait that is over, for whatever reason", () => {
  const waits = new Waits();
  const over: number[] = [];
  const queue = new WaitQueue<Wait>(waits, (wait) => over.push(...wait.requestIds));
  for (const requestId of [1, 2, 3, 4, 5]) queue.add(waitOf(requestId), requestId === 2 ? 10 : FOREVER);

  queue.shift();
  waits.expire(10);
  waits.end([3]);
  queue.takeWhere(({ requestIds }) => requestIds[0] === 5);
  queue.takeAll();

  expect(over).toEqual([1, 2, 3, 5, 4]);
});

test("waits of all wait queues count against one bound", () => {
  const { waits, queue } = newQueue();
  const joins = new WaitQueue<Wait>(waits);
  for (let requestId = 1; requestId < WAITS_MAX; requestId += 1) queue.add(waitOf(requestId));
  expect(waits.isFull).toBe(false);

  joins.add({ kind: "join", requestIds: [WAITS_MAX] });
  expect(waits.isFull).toBe(true);

  waits.end([5]);
  expect(waits.isFull).toBe(false);
});

test("when many in the middle have left, all others keep their places", () => {
  const { queue } = newQueue();
  for (let requestId = 0; requestId < 5_000; requestId += 1) queue.add(waitOf(requestId));
  for (let served = 0; served < 300; served += 1) queue.shift();

  expect(queue.takeWhere(({ requestIds: [requestId = 0] }) => requestId >= 500).length).toBe(4_500);
  queue.add(waitOf(5_000));

  expect([queue.size, queue.shift()]).toEqual([201, waitOf(300)]);
  expect(idsOf(queue.takeAll())).toEqual([...Array.from({ length: 199 }, (_, index) => 301 + index), 5_000]);
});

test("a deadline can be moved both ways, and the place in the wait queue stays", () => {
  const { waits, queue } = newQueue();
  const place = queue.add(waitOf(1), 10);
  queue.add(waitOf(2), 20);

  waits.setDeadline(place, 30);
  expect(idsOf(waits.expire(15))).toEqual([]);
  expect(idsOf(waits.expire(25))).toEqual([2]);
  waits.setDeadline(place, 5);

  expect(waits.nextDeadline).toBe(5);
  expect(queue.shift()).toEqual(waitOf(1));
});

test("no wait that is over is kept in memory, whatever its deadline", async () => {
  const { waits, queue } = newQueue();
  const references: WeakRef<Wait>[] = [];
  const add = (requestId: number, deadline: number): void => {
    const wait = waitOf(requestId);
    references.push(new WeakRef(wait));
    queue.add(wait, deadline);
  };
  for (let requestId = 0; requestId < 50; requestId += 1) add(requestId, 1_000_000);
  add(50, 1);

  waits.expire(1);
  for (let count = 0; count < 40; count += 1) queue.shift();
  await new Promise(setImmediate);
  collectGarbage();

  const isHeld = references.map((reference) => reference.deref() !== undefined);
  expect(isHeld).toEqual([...Array(40).fill(false), ...Array(10).fill(true), false]);
});

test("waits that come and go leave nothing behind, though one stays at the head of the wait queue", async () => {
  const { waits, queue } = newQueue();
  queue.add(waitOf(-1));
  const references: WeakRef<Place<Wait>>[] = [];
  const comeAndGo = (now: number): void => {
    references.push(new WeakRef(queue.add(waitOf(now), now)));
    waits.expire(now);
  };
  for (let now = 0; now < 10_000; now += 1) comeAndGo(now);

  await new Promise(setImmediate);
  collectGarbage();

  expect(references.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(2_000);
  expect(queue.shift()).toEqual(waitOf(-1));
});
