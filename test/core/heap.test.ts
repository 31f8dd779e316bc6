import { expect, test } from "vitest";
import { Heap } from "../../src/queue/base/heap.ts";
import { TimerHeap } from "../../src/queue/base/timer-heap.ts";
import { Random } from "../support/random.ts";

interface Item {
  order: number;
  index: number;
}

test("a heap gives what a sorted array would, while items are added, moved and removed anywhere", () => {
  const random = new Random(11);
  const heap = new Heap<Item>(
    (a, b) => a.order < b.order,
    (item, index) => {
      item.index = index;
    },
  );
  const sorted: Item[] = [];
  for (let step = 0; step < 20_000; step += 1) {
    const item = sorted[random.integer(sorted.length + 1)];
    if (item === undefined || random.chance(0.4)) {
      const added = { order: random.integer(1_000) + step / 100_000, index: -1 };
      heap.push(added);
      sorted.push(added);
    } else if (random.chance(0.33)) {
      item.order = random.integer(1_000) + step / 100_000;
      heap.updateAt(item.index);
    } else if (random.chance(0.5)) {
      heap.removeAt(item.index);
      sorted.splice(sorted.indexOf(item), 1);
    } else {
      expect(heap.pop()).toBe(sorted.shift());
    }
    sorted.sort((a, b) => a.order - b.order);

    expect(heap.peek()).toBe(sorted[0]);
    expect(heap.size).toBe(sorted.length);
  }

  while (sorted.length > 0) expect(heap.pop()).toBe(sorted.shift());
  expect(heap.pop()).toBeUndefined();
});

test("a timer that is planned twice is due at the earlier time, and one that is replanned at the new one", () => {
  const timers = new TimerHeap<string>();
  timers.plan("a", 20);
  timers.plan("a", 30);
  timers.plan("b", 10);
  timers.replan("b", 25);
  expect(timers.nextAt).toBe(20);
  expect(timers.isPlanned("b", 24)).toBe(false);
  expect(timers.isPlanned("b", 25)).toBe(true);

  expect(timers.take(19)).toBeUndefined();
  expect([timers.take(25), timers.take(25), timers.take(25)]).toEqual(["a", "b", undefined]);
});

test("timers that are dropped, cleared or replanned for never are not due", () => {
  const timers = new TimerHeap<string>();
  for (const [item, at] of [
    ["a", 1],
    ["b", 2],
    ["c", 3],
  ] as const)
    timers.plan(item, at);

  timers.drop("a");
  timers.replan("b", Number.POSITIVE_INFINITY);
  expect(timers.nextAt).toBe(3);

  timers.clear();
  expect(timers.nextAt).toBe(Number.POSITIVE_INFINITY);
  expect(timers.take(100)).toBeUndefined();
});
